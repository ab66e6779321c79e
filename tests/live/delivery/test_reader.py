"""Delivery goes on from where it was, whatever interrupts the reading of the bus."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from chat import live
from chat.config import Config
from chat.domain import Chat, keys
from chat.domain.people.people import Person
from chat.domain.rooms.visits import Visit
from chat.errors import ChatError
from chat.live import schemas
from chat.live.connections import Connection
from chat.live.delivery import reader
from chat.live.worker import Worker
from chat.logs import Lines
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
        client.wait("room", name=made.id, topic="a topic")


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
    rooms = [chat.rooms.create(unique("busy"), "", writer).id for _ in range(25)]
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


class House:
    """A worker in this process, on a Redis of its own, for clients that are not there."""

    def __init__(self, redis: Redis) -> None:
        config = Config(redis_url=redis.url, secret_key="x", bus_shards=4, rate_limit=False)
        self.redis = redis.client()
        self.chat = Chat(Store(redis.url), config)
        app = Flask("worker")
        live.init_app(app, self.chat, config, Lines(config))
        self.worker: Worker = app.extensions["worker"]
        self.connections = self.worker.connections
        self.delivery = self.worker.delivery
        self.writer = self.chat.people.claim("Writer", "127.0.0.1")
        # Not in the first shard, whose bus is read for ever.
        self.room = self.chat.rooms.create("attic", "", self.writer).id
        assert self.chat.shards.of(self.room) == 3
        self.chat.visits.enter(self.writer, self.room)
        self.post("first")

    def post(self, *texts: str) -> None:
        for text in texts:
            self.chat.messages.post(self.writer, self.room, text, text)

    def comer(self, name: str) -> Connection:
        """Somebody who is connected."""
        socket = SimpleNamespace(sid=f"socket of {name}")
        connection = Connection(name, socket, "127.0.0.1", self.chat.people.claim(name, "127.0.0.1"))
        self.connections.add(connection)
        return connection

    def join(self, connection: Connection, *, renew: bool = False) -> list[str]:
        """Join the room; the texts of the answer."""
        answer = self.worker.events.rooms.join(connection, schemas.Join(room=self.room, renew=renew))
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
def house(own_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A worker in this process, with threads, as `flask run` has it."""
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    made = House(own_redis)
    yield made
    for connection in made.connections:
        made.connections.remove(connection.sid)
    monkeypatch.setattr(reader, "UNUSED", 0.0)
    # Which wakes who reads the bus.
    made.post("over")
    eventually(lambda: not made.readers(), what="its readers end")


def meanwhile(house: House, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have something happen each time that somebody has read a room, and is not subscribed to it yet."""
    enter = house.chat.visits.enter

    def enter_and_act(person: Person, *args: Any, **options: Any) -> Visit:
        visit = enter(person, *args, **options)
        act()
        return visit

    monkeypatch.setattr(house.chat.visits, "enter", enter_and_act)


def test_what_is_said_while_one_joins_is_in_the_answer_where_nobody_was_yet(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(house, monkeypatch, lambda: house.post("second", "third"))
    assert house.join(house.comer("Ada")) == ["first", "second", "third"]
    assert house.place() == 3


def test_what_is_delivered_while_one_joins_is_in_the_answer_where_somebody_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.join(house.comer("Ada")) == ["first"]

    def deliver() -> None:
        house.post("second", "third")
        eventually(lambda: house.place() == 3)

    meanwhile(house, monkeypatch, deliver)
    assert house.join(house.comer("Ben")) == ["first", "second", "third"]


def test_a_log_that_becomes_another_one_while_one_joins_is_read_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = house.chat.log
    meanwhile(house, monkeypatch, lambda: log.fork(house.room, log.position(house.room).epoch))
    answer = house.worker.events.rooms.join(house.comer("Ada"), schemas.Join(room=house.room))
    assert answer["epoch"] == log.position(house.room).epoch


def test_who_leaves_elsewhere_while_one_joins_hears_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, ada = house.comer("Witness"), house.comer("Ada")
    house.join(witness)

    def leave() -> None:
        house.chat.memberships.leave(ada.person, house.room)
        house.post("said afterwards")
        eventually(lambda: house.place() == 2)

    meanwhile(house, monkeypatch, leave)
    with pytest.raises(ChatError) as refused:
        house.join(ada)
    assert refused.value.code == "room_not_found"
    assert ada not in house.connections.in_room(house.room)


def test_who_left_and_came_in_again_before_the_leaving_is_read_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = house.comer("Ada")
    house.join(ada)
    with house.delivery._lock:
        # The worker reads nothing meanwhile.
        house.chat.memberships.leave(ada.person, house.room)
        house.join(ada)
        house.post("heard")
    eventually(lambda: house.place() == 2)
    assert ada in house.connections.in_room(house.room)


def test_a_leaving_that_the_bus_no_longer_tells_of_is_seen(house: House) -> None:
    ada, ben = house.comer("Ada"), house.comer("Ben")
    for each in (ada, ben):
        house.join(each)
    # As if it had been trimmed: what the bus told meanwhile is lost on a reader whose connection breaks.
    house.redis.zrem(house.chat.shards.key(house.room, "members"), ada.person.id)
    house.redis.client_kill_filter(_type="normal", skipme=True)
    eventually(lambda: ada not in house.connections.in_room(house.room))
    assert ben in house.connections.in_room(house.room)


def test_coming_back_makes_nobody_a_member_and_coming_in_does(house: House) -> None:
    ada = house.comer("Ada")
    with pytest.raises(ChatError) as refused:
        house.join(ada, renew=True)
    assert refused.value.code == "room_not_found"
    assert house.chat.access.strangers(house.room, [ada.person.id]) == [ada.person.id]
    house.join(ada)
    assert house.join(ada, renew=True) == ["first"]
    house.chat.memberships.leave(ada.person, house.room)
    with pytest.raises(ChatError):
        house.join(ada, renew=True)


def test_the_hourly_renewal_renews_and_makes_no_member(house: House) -> None:
    ada, ben = house.comer("Ada"), house.comer("Ben")
    key = house.chat.shards.key(house.room, "members")
    for each in (ada, ben):
        house.join(each)
        house.redis.zadd(key, {each.person.id: 1})
    # As if the leaving were still on its way here.
    house.redis.zrem(key, ada.person.id)
    house.worker.heartbeat._renew_memberships()
    assert house.redis.zscore(key, ada.person.id) is None
    assert house.redis.zscore(key, ben.person.id) > 1


def test_the_renewal_of_links_brings_nobody_back_who_left(house: House) -> None:
    ada, ben = house.comer("Ada"), house.comer("Ben")
    for each in (ada, ben):
        house.join(each)
    with house.delivery._lock:
        house.chat.memberships.leave(ada.person, house.room)
        house.worker.heartbeat._renew_links()
    assert house.chat.presence.here(house.room).list == [ben.person.as_dict()]


def test_a_member_who_joins_again_takes_two_round_trips(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = house.comer("Ada")
    house.join(ada)
    pipe, asked, me = house.chat.store._pipe, [], threading.get_ident()
    ask = pipe.ask

    def count(commands: Sequence[Command], weight: float = 0) -> list[Any]:
        # Whoever reads the bus asks too.
        if threading.get_ident() == me:
            asked.append(commands)
        return ask(commands, weight)

    monkeypatch.setattr(pipe, "ask", count)
    house.join(ada)
    # What it takes and finds, and who is here.
    assert len(asked) == 2


def test_a_bus_is_read_for_as_long_as_somebody_is_in_one_of_its_rooms(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = house.comer("Ada")
    house.join(ada)
    eventually(lambda: house.readers() == 1)
    monkeypatch.setattr(reader, "UNUSED", 0.0)
    for number in range(5):
        house.post(f"{number}")
        eventually(lambda number=number: house.place() == number + 2)
    house.connections.remove(ada.sid)
    eventually(lambda: not house.readers())
    eventually(lambda: not house.delivery._answered)
    assert not house.delivery.stalled
    house.post("unheard")
    # And again, from there on.
    assert house.join(house.comer("Ben"))[-1] == "unheard"
    assert house.place() == 7
    house.post("heard")
    eventually(lambda: house.place() == 8)


def test_a_coming_in_that_is_overtaken_by_a_signing_out_makes_nobody_a_member(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = house.comer("Ada")
    assert ada.person
    person = ada.person
    monkeypatch.setattr(house.worker.guards, "close", lambda _: None)
    meanwhile(house, monkeypatch, lambda: house.delivery._signals.sign_out(person.id))
    # One that was read before, and answers now.
    enter = house.chat.visits.enter

    def enter_late(*args: Any, **options: Any) -> Visit:
        visit = enter(*args, **options)
        enter(person, house.room)
        return visit

    monkeypatch.setattr(house.chat.visits, "enter", enter_late)
    with pytest.raises(ChatError) as refused:
        house.join(ada)
    assert refused.value.code == "not_signed_in"
    assert house.chat.access.strangers(house.room, [person.id]) == [person.id]
