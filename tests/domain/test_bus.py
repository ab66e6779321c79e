"""The bus: everything in the order written, and a reader that knows when it missed something."""

import uuid

from chat.config import Config
from chat.domain import Chat
from chat.domain.bus import BATCH_BYTES
from chat.store.connection import Store


def test_a_reader_gets_what_comes_after_it_began_in_order(chat: Chat) -> None:
    reader = chat.bus.reader()
    for number in range(3):
        chat.bus.signal("test", {"number": number})
    items, missed, _ = reader.read()
    mine = [item for item in items if item.type == "test"]
    assert [item.entry for item in mine] == [f'{{"number":{number}}}' for number in range(3)]
    assert not missed
    assert reader.n == items[-1].n


def test_a_bus_trimmed_beyond_the_reader_is_noticed(store: Store, redis_url: str) -> None:
    short = Chat(store, Config(redis_url=redis_url, bus_length=100))
    reader = short.bus.reader()
    for _ in range(500):
        short.bus.signal("test", {"padding": "x" * 200})
    batch = reader.read()
    assert batch.missed
    assert not batch.lost


def test_a_bus_that_was_lost_is_noticed_when_nothing_comes(chat: Chat) -> None:
    reader = chat.bus.reader()
    reader.n *= 2
    assert reader.read() == ([], True, True)
    assert reader.read() == ([], False, False)


def test_a_bus_that_was_lost_is_noticed_by_what_comes(own_chat: Chat) -> None:
    own_chat.bus.signal("test", {})
    reader = own_chat.bus.reader()
    own_chat.store.redis.flushall()
    own_chat.bus.signal("test", {})
    batch = reader.read()
    assert batch.missed
    assert batch.lost
    assert len(batch.items) == 1


def test_a_connection_that_broke_at_rest_is_noticed(own_chat: Chat) -> None:
    reader = own_chat.bus.reader()
    own_chat.bus.signal("test", {})
    assert not reader.read().missed
    own_chat.store.redis.client_kill_filter(_type="normal", skipme=True)
    own_chat.bus.signal("test", {})
    batch = reader.read()
    assert batch.missed
    assert len(batch.items) == 1


def test_where_entries_are_long_fewer_are_read_at_once(own_chat: Chat) -> None:
    person = own_chat.people.claim("Ada", "127.0.0.1")
    room = own_chat.rooms.create("long", "", person).id
    own_chat.visits.enter(person, room)
    reader = own_chat.bus.reader()
    seqs: list[int] = []

    def post(size: int, count: int) -> None:
        for _ in range(count):
            own_chat.messages.post(person, room, "🎈" * size + "x", uuid.uuid4().hex)

    def read() -> int:
        items = [item for item in reader.read().items if item.seq]
        seqs.extend(item.seq for item in items)
        return sum(len(item.entry.encode()) for item in items)

    post(9_999, 1)
    read()
    post(9_999, 130)
    sizes = [read() for _ in range(3)]
    assert all(size <= BATCH_BYTES for size in sizes)
    assert sum(sizes) > 2 * BATCH_BYTES
    # And all at once again, where they are short.
    post(1, 400)
    read()
    read()
    assert seqs == list(range(1, len(seqs) + 1))
    assert seqs[-1] == 531
