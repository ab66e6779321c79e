"""Delivery goes on from where it was, whatever interrupts the reading of the bus."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from chat.config import Config
from chat.domain import Chat, keys
from chat.domain.people.people import Person
from chat.domain.rooms.visits import Visit
from chat.errors import ChatError
from chat.live import schemas
from chat.live.broadcast import Broadcast
from chat.live.connections import Connection, Connections
from chat.live.delivery import reader
from chat.live.delivery.reader import Delivery
from chat.live.events import Events
from chat.live.guards import Guards
from chat.live.heartbeat import Heartbeat
from chat.live.packets import StrictJSON, StrictPacket
from chat.live.websocket import Sockets
from chat.store.connection import Store
from chat.store.pipe import Command
from tests.conftest import Connect
from tests.support.clients import Client, unique
from tests.support.redis import Redis
from tests.support.waiting import eventually


def test_what_the_bus_does_not_carry_is_filled_from_the_log(ada: Client, ben: Client, chat: Chat, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    ada.say("1", room=room)
    # Entries that no bus tells of, as if it had been trimmed.
    position = chat.log.position(room)
    user = {"id": "f0", "name": "x"}
    for seq in (2, 3):
        entry = {"type": "message", "room": room, "epoch": position.epoch, "seq": seq, "at": 1, "id": "x", "user": user}
        stored = json.dumps(entry | {"text": str(seq)})
        chat.store.redis.xadd(f"chat:{{0}}:room:{room}:log", {"e": stored}, f"{seq}-0")
    chat.store.redis.hset(f"chat:{{0}}:room:{room}", "head", 3)
    ada.say("4", room=room)
    for client in (ada, ben):
        eventually(lambda client=client: len(client.texts(room)) == 4)
        assert client.texts(room) == ["1", "2", "3", "4"]


def test_connections_that_redis_drops_lose_nothing(ada: Client, ben: Client, store: Store, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    for number in range(30):
        if number % 10 == 5:
            store.redis.client_kill_filter(_type="normal", skipme=True)
        ada.say(str(number), room=room)
    for client in (ada, ben):
        eventually(lambda client=client: len(client.texts(room)) == 30)
        assert client.texts(room) == [str(number) for number in range(30)]


def test_a_log_that_is_another_one_has_clients_compare(ada: Client, store: Store, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("before", room=room)
    ada.wait("message", room=room)
    store.redis.hset(f"chat:{{0}}:room:{room}", "epoch", "another")
    ada.say("after", room=room)
    ada.wait("resync", room=room)


def test_a_new_room_is_told_to_everyone(ada: Client, ben: Client, chat: Chat, connect: Connect) -> None:
    founder = chat.people.find(ada.user["id"])
    made = chat.rooms.create(f"of {ada.user['name']}", "a topic", founder)
    for client in (ada, ben):
        client.wait("room", name=made.name, topic="a topic")


def test_what_the_bus_says_again_is_delivered_once(ada: Client, chat: Chat, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("once", room=room)
    entries, state = keys.bus(0)
    ((_, said),) = chat.store.redis.xrevrange(entries, count=1)
    number = chat.store.redis.hincrby(state, "head", 1)
    chat.store.redis.xadd(entries, said, f"{number}-0")
    ada.say("last", room=room)
    eventually(lambda: "last" in ada.texts(room))
    assert ada.texts(room) == ["once", "last"]


# Between the reading of a log and the subscription


def seqs(client: Client, room: str) -> list[int]:
    """What came of a room."""
    return [entry["seq"] for entry in client.got("message", room=room)]


def test_who_joins_a_busy_room_has_no_hole_after_the_answer(connect: Connect, chat: Chat) -> None:
    reader = connect(unique("Reader"))
    writer = chat.people.claim(unique("Writer"), "127.0.0.1")
    rooms = [chat.rooms.create(unique("busy"), "", writer).name for _ in range(25)]
    for each in rooms:
        chat.visits.enter(writer, each)
    now, over = [rooms[0]], threading.Event()

    def write() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            chat.messages.post(writer, now[0], "x", f"{number}")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        # Each first where nobody was yet, and then where the worker delivers to nobody, but knows the place.
        for room, _ in itertools.product(rooms, range(2)):
            now[0] = room
            reader.events.clear()
            # Something is in it.
            eventually(lambda room=room: chat.log.position(room).seq > 5)
            answer = reader.ok("join", {"room": room, "limit": 5})
            last = answer["head"]
            assert answer["entries"][-1]["seq"] == last
            eventually(lambda room=room, last=last: seqs(reader, room)[-1:] > [last + 3], what="live entries")
            reader.ok("leave", {"room": room})
            live = [seq for seq in seqs(reader, room) if seq > last]
            assert live == list(range(last + 1, last + 1 + len(live)))
    finally:
        over.set()
        writing.join(10)


class Worker:
    """A worker's delivery and events in this process, on a Redis of their own, for clients that are not there."""

    def __init__(self, redis: Redis) -> None:
        config = Config(redis_url=redis.url, bus_shards=4, rate_limit=False)
        self.redis = redis.client()
        self.chat = Chat(Store(redis.url), config)
        app = Flask("worker")
        self.socketio = SocketIO(app, async_mode="threading", serializer=StrictPacket, json=StrictJSON)
        server = self.socketio.server
        self.connections = Connections()
        engine = Guards(server, Sockets(server, 10, 1_000_000, lambda: None), 1_000_000)
        self.delivery = Delivery(self.socketio, self.chat, self.connections, engine, lambda: None)
        broadcast = Broadcast(self.socketio, lambda: None)
        self.events = Events(
            app, self.socketio, self.chat, self.connections, engine, self.delivery, broadcast, lambda: None
        )
        self.writer = self.chat.people.claim("Writer", "127.0.0.1")
        # Not in the first shard, whose bus is read for ever.
        self.room = self.chat.rooms.create("attic", "", self.writer).name
        assert self.chat.shards.of(self.room) == 3
        self.chat.visits.enter(self.writer, self.room)
        self.post("first")

    def post(self, *texts: str) -> None:
        for text in texts:
            self.chat.messages.post(self.writer, self.room, text, text)

    def comer(self, name: str) -> Connection:
        """Somebody who is connected."""
        connection = Connection(name, "127.0.0.1", self.chat.people.claim(name, "127.0.0.1"))
        self.connections.add(connection)
        self.socketio.server.manager.basic_enter_room(name, "/", None, eio_sid=f"transport of {name}")
        return connection

    def join(self, connection: Connection, *, renew: bool = False) -> list[str]:
        """Join the room; the texts of the answer."""
        answer = self.events.join(connection, schemas.Join(room=self.room, renew=renew))
        entries = [json.loads(bytes(entry)) for entry in answer["entries"]]
        assert entries[-1]["seq"] == answer["head"]
        return [entry["text"] for entry in entries]

    def place(self) -> int:
        """Up to where the room was delivered here."""
        place = self.delivery._places.get(self.room)
        assert place
        return place.seq

    def readers(self) -> int:
        """How many buses are read."""
        return int(self.redis.info("clients")["blocked_clients"])


@pytest.fixture
def worker(own_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker in this process."""
    made = Worker(own_redis)
    yield made
    for connection in made.connections:
        made.connections.remove(connection.sid)
    monkeypatch.setattr(reader, "UNUSED", 0.0)
    # Which wakes who reads the bus.
    made.post("over")
    eventually(lambda: not made.readers(), what="its readers end")


def meanwhile(worker: Worker, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have something happen each time that somebody has read a room, and is not subscribed to it yet."""
    enter = worker.chat.visits.enter

    def enter_and_act(person: Person, *args: Any, **options: Any) -> Visit:
        visit = enter(person, *args, **options)
        act()
        return visit

    monkeypatch.setattr(worker.chat.visits, "enter", enter_and_act)


def test_what_is_said_while_one_joins_is_in_the_answer_where_nobody_was_yet(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(worker, monkeypatch, lambda: worker.post("second", "third"))
    assert worker.join(worker.comer("Ada")) == ["first", "second", "third"]
    assert worker.place() == 3


def test_what_is_delivered_while_one_joins_is_in_the_answer_where_somebody_is(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worker.join(worker.comer("Ada")) == ["first"]

    def deliver() -> None:
        worker.post("second", "third")
        eventually(lambda: worker.place() == 3)

    meanwhile(worker, monkeypatch, deliver)
    assert worker.join(worker.comer("Ben")) == ["first", "second", "third"]


def test_a_log_that_becomes_another_one_while_one_joins_is_read_anew(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = worker.chat.log
    meanwhile(worker, monkeypatch, lambda: log.fork(worker.room, log.position(worker.room).epoch))
    answer = worker.events.join(worker.comer("Ada"), schemas.Join(room=worker.room))
    assert answer["epoch"] == log.position(worker.room).epoch


def test_who_leaves_elsewhere_while_one_joins_hears_nothing(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, ada = worker.comer("Witness"), worker.comer("Ada")
    worker.join(witness)

    def leave() -> None:
        worker.chat.memberships.end(ada.person, worker.room)
        worker.post("said afterwards")
        eventually(lambda: worker.place() == 2)

    meanwhile(worker, monkeypatch, leave)
    with pytest.raises(ChatError) as refused:
        worker.join(ada)
    assert refused.value.code == "room_not_found"
    assert ada not in worker.connections.in_room(worker.room)


def test_who_left_and_came_in_again_before_the_leaving_is_read_stays(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = worker.comer("Ada")
    worker.join(ada)
    with worker.delivery._lock:
        # The worker reads nothing meanwhile.
        worker.chat.memberships.end(ada.person, worker.room)
        worker.join(ada)
        worker.post("heard")
    eventually(lambda: worker.place() == 2)
    assert ada in worker.connections.in_room(worker.room)


def test_a_leaving_that_the_bus_no_longer_tells_of_is_seen(worker: Worker) -> None:
    ada, ben = worker.comer("Ada"), worker.comer("Ben")
    for each in (ada, ben):
        worker.join(each)
    # As if it had been trimmed: what the bus told meanwhile is lost on a reader whose connection breaks.
    worker.redis.zrem(worker.chat.shards.key(worker.room, "members"), ada.person.id)
    worker.redis.client_kill_filter(_type="normal", skipme=True)
    eventually(lambda: ada not in worker.connections.in_room(worker.room))
    assert ben in worker.connections.in_room(worker.room)


def test_coming_back_makes_nobody_a_member_and_coming_in_does(worker: Worker) -> None:
    ada = worker.comer("Ada")
    with pytest.raises(ChatError) as refused:
        worker.join(ada, renew=True)
    assert refused.value.code == "room_not_found"
    assert worker.chat.access.strangers(worker.room, [ada.person.id]) == [ada.person.id]
    worker.join(ada)
    assert worker.join(ada, renew=True) == ["first"]
    worker.chat.memberships.end(ada.person, worker.room)
    with pytest.raises(ChatError):
        worker.join(ada, renew=True)


def test_the_hourly_renewal_renews_and_makes_no_member(worker: Worker) -> None:
    ada, ben = worker.comer("Ada"), worker.comer("Ben")
    key = worker.chat.shards.key(worker.room, "members")
    for each in (ada, ben):
        worker.join(each)
        worker.redis.zadd(key, {each.person.id: 1})
    # As if the leaving were still on its way here.
    worker.redis.zrem(key, ada.person.id)
    Heartbeat(worker.socketio, worker.chat, worker.connections, None, None, lambda: None)._renew_memberships()
    assert worker.redis.zscore(key, ada.person.id) is None
    assert worker.redis.zscore(key, ben.person.id) > 1


def test_the_renewal_of_links_brings_nobody_back_who_left(worker: Worker) -> None:
    ada, ben = worker.comer("Ada"), worker.comer("Ben")
    for each in (ada, ben):
        worker.join(each)
    with worker.delivery._lock:
        worker.chat.memberships.end(ada.person, worker.room)
        Heartbeat(worker.socketio, worker.chat, worker.connections, None, None, lambda: None)._renew_links()
    assert worker.chat.presence.here(worker.room).list == [ben.person.as_dict()]


def test_a_member_who_joins_again_takes_two_round_trips(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = worker.comer("Ada")
    worker.join(ada)
    pipe, asked, me = worker.chat.store._pipe, [], threading.get_ident()
    ask = pipe.ask

    def count(commands: Sequence[Command], weight: float = 0) -> list[Any]:
        # Whoever reads the bus asks too.
        if threading.get_ident() == me:
            asked.append(commands)
        return ask(commands, weight)

    monkeypatch.setattr(pipe, "ask", count)
    worker.join(ada)
    # What it takes and finds, and who is here.
    assert len(asked) == 2


def test_a_bus_is_read_for_as_long_as_somebody_is_in_one_of_its_rooms(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = worker.comer("Ada")
    worker.join(ada)
    eventually(lambda: worker.readers() == 1)
    monkeypatch.setattr(reader, "UNUSED", 0.0)
    for number in range(5):
        worker.post(f"{number}")
        eventually(lambda number=number: worker.place() == number + 2)
    worker.connections.remove(ada.sid)
    eventually(lambda: not worker.readers())
    eventually(lambda: not worker.delivery._answered)
    assert not worker.delivery.stalled
    worker.post("unheard")
    # And again, from there on.
    assert worker.join(worker.comer("Ben"))[-1] == "unheard"
    assert worker.place() == 7
    worker.post("heard")
    eventually(lambda: worker.place() == 8)


def test_a_coming_in_that_is_overtaken_by_a_signing_out_makes_nobody_a_member(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = worker.comer("Ada")
    assert ada.person
    person = ada.person
    monkeypatch.setattr(worker.delivery._engine, "close", lambda _: None)
    meanwhile(worker, monkeypatch, lambda: worker.delivery._sign_out(person.id))
    # One that was read before, and answers now.
    enter = worker.chat.visits.enter

    def enter_late(*args: Any, **options: Any) -> Visit:
        visit = enter(*args, **options)
        enter(person, worker.room)
        return visit

    monkeypatch.setattr(worker.chat.visits, "enter", enter_late)
    with pytest.raises(ChatError) as refused:
        worker.join(ada)
    assert refused.value.code == "not_signed_in"
    assert worker.chat.access.strangers(worker.room, [person.id]) == [person.id]
