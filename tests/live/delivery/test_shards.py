"""Four shards, two workers: nothing shows, except in how the rooms are read."""

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import redis

from chat.config import Config
from chat.domain import Chat
from chat.store import private_redis
from chat.store.connection import Store
from tests.conftest import Connect
from tests.support.clients import Client, NodeClient, unique
from tests.support.redis import Redis
from tests.support.servers import SECRET, Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.served
SHARDS = 4
MakeRoom = Callable[[int], str]


@pytest.fixture(scope="module")
def spread_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Redis of this file's own."""
    return private_redis.use(tmp_path_factory.mktemp("spread") / "redis")


@pytest.fixture(scope="module")
def spread(spread_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, and rooms in four shards."""
    server = Server(
        tmp_path_factory.mktemp("spread"),
        REDIS_URL=spread_url,
        SECRET_KEY=SECRET,
        CHAT_RATE_LIMIT="off",
        CHAT_BUS_SHARDS=str(SHARDS),
    ).started()
    eventually(lambda: len(server.worker_pids()) == 2, what="both workers are up")
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def chat(spread_url: str) -> Chat:
    """Its chat, from this process."""
    return Chat(Store(spread_url), Config(redis_url=spread_url, bus_shards=SHARDS, rate_limit=False))


@pytest.fixture
def connect(spread: Server, connect_to: Connect) -> Connect:
    """Connects clients to it."""
    return partial(connect_to, spread)


@pytest.fixture
def ada(connect: Connect) -> Client:
    """Ada, at one worker."""
    return connect(unique("Ada"))


@pytest.fixture
def ben(connect: Connect, spread: Server, ada: Client) -> Client:
    """Ben, at the other."""
    return connect(unique("Ben"), NodeClient, not_on=spread.worker_of(ada.port()))


@pytest.fixture
def room_of(chat: Chat) -> MakeRoom:
    """Makes a room of a shard."""
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")

    def make(shard: int) -> str:
        name = next(name for name in iter(lambda: unique("room"), "") if chat.shards.of(_slug(name)) == shard)
        return chat.rooms.create(name, "", founder).id

    return make


def _slug(name: str) -> str:
    return name.replace(" ", "-")


@pytest.fixture
def rooms(room_of: MakeRoom) -> list[str]:
    """Two rooms of each shard."""
    return [room_of(shard) for shard in range(SHARDS) for _ in range(2)]


def talk(
    clients: list[Client], rooms: list[str], texts: range, between: Callable[[int], None] = lambda _: None
) -> None:
    """Each client says each text in each room, all at the same time; the first does something before each text."""

    def run(client: Client, number: int) -> None:
        for text in texts:
            if number == 0:
                between(text)
            for room in rooms:
                client.say(f"{number} {text}", room=room)

    threads = [threading.Thread(target=run, args=each) for each in zip(clients, range(len(clients)), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def seqs(client: Client, room: str) -> list[int]:
    """What came of a room, in the order in which it came."""
    return [entry["seq"] for entry in client.got("message", room=room)]


def has_all(client: Client, room: str, first: int, last: int) -> None:
    """Check that everything from one entry to another came, once and in order."""
    eventually(lambda: seqs(client, room)[-1:] == [last], what=f"{last} of {room}", within=20)
    assert seqs(client, room) == list(range(first, last + 1))


def test_everybody_gets_every_message_of_their_rooms_once_and_in_order(
    ada: Client, ben: Client, connect: Connect, rooms: list[str]
) -> None:
    both, half = [ada, ben], connect(unique("Cora"))
    for client in both:
        for room in rooms:
            client.ok("join", {"room": room})
    for room in rooms[::2]:
        half.ok("join", {"room": room})
    talk(both, rooms, range(10))
    for room in rooms:
        for client in both:
            has_all(client, room, 1, 20)
            assert client.got("message", room=room) == ada.got("message", room=room)
            for number in range(2):
                assert [text for text in client.texts(room) if text.startswith(f"{number} ")] == [
                    f"{number} {text}" for text in range(10)
                ]
    for room in rooms[::2]:
        has_all(half, room, 1, 20)
    assert not any(half.texts(room) for room in rooms[1::2])


@pytest.fixture
def new_worker(new_server: Callable[..., Server], spread_url: str) -> Server:
    """A worker at which nobody was yet."""
    return new_server(REDIS_URL=spread_url, CHAT_BUS_SHARDS=str(SHARDS), WEB_CONCURRENCY="1")


def test_who_joins_a_room_of_a_shard_that_is_not_read_here_yet_hears_what_comes_next(
    connect_to: Connect, chat: Chat, room_of: MakeRoom, new_worker: Server
) -> None:
    writer = chat.people.claim(unique("Writer"), "127.0.0.1")
    reader = connect_to(new_worker, unique("Reader"))
    for shard in reversed(range(SHARDS)):
        room = room_of(shard)
        chat.visits.enter(writer, room)
        chat.messages.post(writer, room, "before", "1")
        assert [entry["text"] for entry in reader.ok("join", {"room": room})["entries"]] == ["before"]
        chat.messages.post(writer, room, "after", "2")
        has_all(reader, room, 2, 2)


def test_a_shard_is_read_only_where_somebody_is_in_one_of_its_rooms(
    connect_to: Connect, new_server: Callable[..., Server], own_redis: Redis
) -> None:
    server = new_server(REDIS_URL=own_redis.url, CHAT_BUS_SHARDS=str(SHARDS), WEB_CONCURRENCY="1")
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, bus_shards=SHARDS, rate_limit=False))
    client = own_redis.client()

    def read() -> int:
        return sum(each["cmd"] == "xread" for each in client.client_list())

    # That of what concerns no room, in which the default room is too.
    assert chat.shards.of("work") == 0
    reader = connect_to(server, unique("Reader"))
    eventually(lambda: read() == 1)
    founder = chat.people.claim("Founder", "127.0.0.1")
    for room, count in (("study", 2), ("attic", 3), ("cellar", 3)):
        chat.rooms.create(room, "", founder)
        reader.ok("join", {"room": room})
        reader.say("hello", room=room)
        has_all(reader, room, 1, 1)
        eventually(lambda count=count: read() == count)


def test_who_comes_and_goes_is_told_in_rooms_of_every_shard(ada: Client, ben: Client, rooms: list[str]) -> None:
    for room in rooms:
        ada.ok("join", {"room": room})
    for room in rooms:
        people = ben.ok("join", {"room": room})["people"]
        assert people["count"] == 2
        assert {person["id"] for person in people["list"]} == {ada.user["id"], ben.user["id"]}
    for room in rooms:
        ada.wait_told("joined", ben.user, room)
        ben.ok("leave", {"room": room})
    for room in rooms:
        ada.wait_told("left", ben.user, room)


def test_who_signs_out_is_signed_out_at_every_worker(
    ada: Client, ben: Client, connect: Connect, spread: Server, chat: Chat, rooms: list[str]
) -> None:
    again = connect(not_on=spread.worker_of(ada.port()))
    again.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
    for room in rooms:
        for client in (ada, ben, again):
            client.ok("join", {"room": room})
    chat.sign_out(ada.user["id"])
    for client in (ada, again):
        client.wait("signedOut")
    for room in rooms:
        ben.wait_told("left", ada.user, room)
        ben.say("still here", room=room)


def test_a_room_of_any_shard_is_told_to_everyone(ada: Client, ben: Client, room_of: MakeRoom) -> None:
    for shard in range(SHARDS):
        room = room_of(shard)
        for client in (ada, ben):
            client.wait("room", name=room)
        for client in (ada, ben):
            client.ok("join", {"room": room})
        ada.say("first", room=room)
        for client in (ada, ben):
            client.wait("message", room=room, seq=1)


def test_connections_that_redis_drops_leave_no_hole_in_any_shard(
    ada: Client, ben: Client, spread: Server, rooms: list[str], spread_url: str
) -> None:
    for client in (ada, ben):
        for room in rooms:
            client.ok("join", {"room": room})
    cutter = redis.Redis.from_url(spread_url)

    def cut(text: int) -> None:
        if text % 5 == 2:
            cutter.client_kill_filter(_type="pubsub", skipme=True)
            cutter.client_kill_filter(_type="normal", skipme=True)

    talk([ada, ben], rooms, range(15), cut)
    for room in rooms:
        for client in (ada, ben):
            has_all(client, room, 1, 30)
    eventually(spread.answers, what="it is ready")
    cutter.close()
