"""What the chat keeps stays within its bound: the oldest of the largest rooms go, also where Redis is full already."""

import json
import logging
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.config import Config
from chat.domain import Chat, keys
from chat.domain.messages.log import Position, after, latest, resume
from chat.domain.people.people import Person
from chat.domain.upkeep import retention
from chat.domain.upkeep.retention import FREE, SELDOM, level
from chat.store.connection import Store
from chat.store.errors import Unavailable
from tests.support.redis import Redis

pytestmark = pytest.mark.thorough

MIB = 1024 * 1024
_ids = count()


def chat_on(redis: Redis, **settings: int) -> Chat:
    """A chat on a Redis of its own."""
    return Chat(Store(redis.url), Config(redis_url=redis.url, rate_limit=False, **settings))


@pytest.fixture
def chat(own_redis: Redis) -> Chat:
    """A chat that keeps 8 MiB, and on its bus a fraction of that."""
    return chat_on(own_redis, store_bytes=8 * MIB, bus_length=100)


@pytest.fixture
def person(chat: Chat) -> Person:
    return chat.people.claim("Ada", "127.0.0.1")


def fill(chat: Chat, person: Person, name: str, size: int, entries: int) -> str:
    """Post so many messages of so many characters in a room, made if it is not there."""
    if name not in [room.id for room in chat.rooms.all()]:
        chat.rooms.create(name, "", person)
        chat.visits.enter(person, name)
    for _ in range(entries):
        chat.messages.post(person, name, "x" * size, f"id-{next(_ids)}")
    return name


def first(chat: Chat, room: str) -> int:
    """The `seq` of the oldest entry that is kept."""
    return int(json.loads(chat.log.read(room, after(0, 1)).entries[0])["seq"])


def kept(chat: Chat, redis: Redis) -> int:
    """Bytes of all rooms' logs."""
    client = redis.client()
    keys = [chat.shards.key(room.id, part) for room in chat.rooms.all() for part in ("log", "sent")]
    return sum(client.memory_usage(key, samples=0) or 0 for key in keys)


def test_the_oldest_of_the_largest_rooms_go_and_the_log_says_how_many(
    chat: Chat, person: Person, own_redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They go in several steps, as many do.
    monkeypatch.setattr(retention, "STEP", 100)
    small = fill(chat, person, "small", 100, 200)
    large, larger = fill(chat, person, "large", 9_000, 500), fill(chat, person, "larger", 9_000, 900)
    chat.retention.look()
    assert first(chat, small) == 1
    assert first(chat, large) > 1
    # Both are cut to the same level.
    assert 900 - first(chat, larger) == pytest.approx(500 - first(chat, large), abs=5)
    assert 0.7 * 8 * MIB < kept(chat, own_redis) < 8 * MIB
    told = {record.args[0]: record.args[1] for record in caplog.records if "oldest entries went" in record.message}
    assert told == {large: f"{first(chat, large) - 1:,}", larger: f"{first(chat, larger) - 1:,}"}
    # What is within the bound stays.
    before = first(chat, larger)
    chat.retention.look()
    assert first(chat, larger) == before


def test_a_room_that_was_trimmed_is_as_one_that_grew_too_long(chat: Chat, person: Person) -> None:
    room = fill(chat, person, "room", 9_000, 1_200)
    epoch = chat.rooms.find(room).epoch
    chat.retention.look()
    oldest = first(chat, room)
    assert oldest > 1
    page = chat.log.read(room, resume(Position(epoch, 1), 50))
    assert page.reset and page.complete and page.head == 1_200
    assert not chat.log.read(room, resume(Position(epoch, oldest - 1), 50)).reset
    assert chat.log.read(room, latest(1)).head == 1_200
    # Repeats are known for as long as the log is kept, and no longer.
    ids = chat.store.redis.zrange(chat.shards.key(room, "sent"), 0, 0, withscores=True)
    assert int(ids[0][1]) == oldest
    assert fill(chat, person, room, 10, 1) and chat.rooms.find(room).head == 1_201


def test_old_entries_that_are_short_go_until_enough_is_free(chat: Chat, person: Person, own_redis: Redis) -> None:
    room = fill(chat, person, "mixed", 50, 3_000)
    fill(chat, person, room, 9_900, 1_000)
    chat.retention.look()
    assert kept(chat, own_redis) < 8 * MIB
    assert first(chat, room) > 3_000


def test_the_newest_entry_stays_whatever_the_bound(chat: Chat, person: Person) -> None:
    chat.retention._asked_for = 1
    room = fill(chat, person, "room", 9_000, 30)
    for _ in range(5):
        chat.retention.look()
    assert first(chat, room) == 30


def test_a_redis_that_is_full_takes_messages_again(own_redis: Redis) -> None:
    chat = chat_on(own_redis, bus_length=100)
    person = chat.people.claim("Ada", "127.0.0.1")
    room = fill(chat, person, "room", 9_000, 1_500)
    client = own_redis.client()
    client.config_set("maxmemory", client.info("memory")["used_memory"] - 2 * MIB)
    with pytest.raises(Unavailable):
        fill(chat, person, room, 10, 1)
    chat.retention.look()
    fill(chat, person, room, 10, 1)
    assert first(chat, room) > 1
    assert kept(chat, own_redis) < 0.6 * client.info("memory")["maxmemory"]


def test_the_bus_is_bounded_in_bytes_and_whoever_reads_it_sees_what_it_missed(own_redis: Redis) -> None:
    chat = chat_on(own_redis, store_bytes=16 * MIB)
    person = chat.people.claim("Ada", "127.0.0.1")
    fill(chat, person, "room", 10, 1)
    reader = chat.bus.reader()
    fill(chat, person, "room", 9_900, 700)
    chat.retention.look()
    bus, _ = keys.bus(0)
    assert FREE * MIB < own_redis.client().memory_usage(bus, samples=0) < 2 * MIB
    batch = reader.read()
    assert batch.missed and not batch.lost
    assert batch.items[-1].seq == 701


def test_what_somebody_else_keeps_in_that_redis_costs_no_room_its_history(
    chat: Chat, person: Person, own_redis: Redis
) -> None:
    room = fill(chat, person, "room", 9_000, 100)
    own_redis.client().set("another:application", "x" * 20 * MIB)
    assert chat.retention.look() == SELDOM
    assert first(chat, room) == 1


def test_one_worker_looks_at_a_time_and_another_when_it_is_gone(chat: Chat, person: Person, own_redis: Redis) -> None:
    room = fill(chat, person, "room", 10, 10)
    chat.retention.look()
    other = chat_on(own_redis, store_bytes=1)
    fill(chat, person, room, 9_000, 10)
    assert other.retention.look() == SELDOM
    assert first(chat, room) == 1
    own_redis.client().delete("chat:retention")
    other.retention.look()
    assert first(chat, room) == 20


@pytest.mark.parametrize("rights", ["-memory", "-memory -info"])
def test_where_redis_tells_no_sizes_they_are_estimated_and_that_is_said_once(
    chat: Chat, person: Person, own_redis: Redis, rights: str, caplog: pytest.LogCaptureFixture
) -> None:
    room, small = fill(chat, person, "room", 9_000, 1_500), fill(chat, person, "small", 100, 100)
    own_redis.client().execute_command("ACL", "SETUSER", "default", *rights.split())
    for _ in range(3):
        chat.retention.look()
    assert 500 < 1_500 - first(chat, room) < 1_000
    assert first(chat, small) == 1
    assert sum("MEMORY USAGE" in record.message for record in caplog.records) == 1
    assert all(record.levelno < logging.ERROR for record in caplog.records)


def test_a_bound_beyond_what_redis_may_use_is_cut_and_that_is_said(
    chat: Chat, person: Person, own_redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    room = fill(chat, person, "room", 9_000, 850)
    assert 0.8 * 9 * MIB < kept(chat, own_redis) < 8 * MIB
    own_redis.client().config_set("maxmemory", 9 * MIB)
    for _ in range(2):
        chat.retention.look()
    assert first(chat, room) > 1
    went = [record.args[2] for record in caplog.records if "oldest entries went" in record.message]
    assert went == ["7,549,747"]
    assert [record.message for record in caplog.records if "CHAT_STORE_BYTES" in record.message] == [
        "CHAT_STORE_BYTES is 8,388,608, but Redis may use 9,437,184: the chat keeps 80% of that at most"
    ]


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 10_000))
def test_the_largest_shrink_to_one_level_and_all_fit(sizes: list[int], most: int) -> None:
    cut = level(sizes, most)
    assert sum(min(size, cut) for size in sizes) <= most + 1e-6
    if sum(sizes) > most:
        assert sum(min(size, cut) for size in sizes) == pytest.approx(most)


def test_where_nothing_can_go_nothing_is_said(
    own_chat: Chat, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("chat"), "propagate", True)
    ada = own_chat.people.claim("Ada", "127.0.0.1")
    own_chat.visits.enter(ada, "work")
    own_chat.messages.post(ada, "work", "the newest, which stays", "one")
    own_chat.retention._asked_for = 1
    own_chat.retention.look()
    assert caplog.messages == []
