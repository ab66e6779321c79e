"""The room log: one atomic step a post, in one order, once."""

import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.config import Config
from chat.domain import Chat
from chat.domain.messages.log import Page, Part, Position, after, before, latest, resume
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.store.connection import Store
from tests.support.clients import unique
from tests.support.redis import Redis


@pytest.fixture
def person(chat: Chat, room: str) -> Person:
    """A member of the room."""
    claimed = chat.people.claim(unique("Member"), "127.0.0.1")
    chat.visits.enter(claimed, room)
    return claimed


def seqs(entries: list[str]) -> list[int]:
    """The `seq` of each entry."""
    return [json.loads(entry)["seq"] for entry in entries]


def test_seq_counts_from_one_without_holes_whoever_writes(chat: Chat, room: str, person: Person) -> None:
    def write(writer: int) -> None:
        for number in range(25):
            chat.messages.post(person, room, "x", f"{writer}-{number}")

    writers = [threading.Thread(target=write, args=[writer]) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    page = chat.log.read(room, after(0, 200))
    assert seqs(page.entries) == list(range(1, 101))
    assert page.head == 100


def test_a_repeat_answers_with_the_first_and_writes_nothing(chat: Chat, room: str, person: Person) -> None:
    first = chat.messages.post(person, room, "once", "id")
    assert chat.messages.post(person, room, "once", "id") == first
    assert chat.messages.post(person, room, "twice", "other").seq == 2
    assert chat.log.position(room) == Position(first.epoch, 2)


def test_an_entry_is_stored_as_it_goes_over_the_wire(chat: Chat, room: str, person: Person) -> None:
    text = 'quotes " and \\ and \n and 林 and 🎈 and </script>'
    posted = chat.messages.post(person, room, text, "id")
    (entry,) = chat.log.read(room, latest(1)).entries
    assert json.loads(entry) == {
        "type": "message",
        "room": room,
        "epoch": posted.epoch,
        "seq": 1,
        "at": posted.at,
        "id": "id",
        "user": person.as_dict(),
        "text": text,
    }


def test_whoever_is_no_member_writes_nothing(chat: Chat, room: str) -> None:
    stranger = chat.people.claim(unique("Stranger"), "127.0.0.1")
    with pytest.raises(ChatError) as refused:
        chat.messages.post(stranger, room, "x", "id")
    assert refused.value.code == "room_not_found"
    assert chat.log.position(room).seq == 0


def test_a_log_keeps_its_newest_entries_and_a_position_before_them_is_reset(
    store: Store, redis_url: str, room: str
) -> None:
    short = Chat(store, Config(redis_url=redis_url, log_length=100, rate_limit=False))
    member = short.people.claim(unique("Writer"), "127.0.0.1")
    short.visits.enter(member, room)
    posted = [short.messages.post(member, room, "x" * 500, str(number)) for number in range(1000)]
    kept = short.log.read(room, after(0, 200))
    first = seqs(kept.entries)[0]
    assert 500 < first <= 901
    assert kept.head == 1000
    epoch = posted[0].epoch
    assert short.log.read(room, resume(Position(epoch, 5), 50)).reset
    assert not short.log.read(room, resume(Position(epoch, 990), 50)).reset


def test_a_fast_writer_is_slowed_with_the_wait(store: Store, redis_url: str, room: str) -> None:
    limited = Chat(store, Config(redis_url=redis_url))
    member = limited.people.claim(unique("Flooder"), "127.0.0.1")
    limited.visits.enter(member, room)
    with pytest.raises(ChatError) as refused:
        for number in range(30):
            limited.messages.post(member, room, "x", str(number))
    assert refused.value.code == "too_fast"
    assert 0 < refused.value.retry_after <= 1
    # A repeat is no new message.
    assert limited.messages.post(member, room, "x", "0").seq == 1


# Pages in bytes

BYTES = Config().page_bytes


def post_all(chat: Chat, room: str, person: Person, sizes: list[int]) -> None:
    """Post messages that are so many characters long."""
    for number, size in enumerate(sizes):
        chat.messages.post(person, room, "x" * size, f"{number}")


@pytest.mark.parametrize("character", ["林", "🎈", '"', "\\"])
def test_a_page_of_long_entries_ends_at_so_many_bytes(chat: Chat, room: str, person: Person, character: str) -> None:
    for number in range(60):
        chat.messages.post(person, room, (character * 9_999)[:9_999] + "x", f"{number}")
    newest, oldest = chat.log.read(room, latest(200)), chat.log.read(room, after(0, 200))
    for page in (newest, oldest):
        assert 0.7 * BYTES < page.size <= BYTES
        assert not page.complete
    assert seqs(newest.entries)[-1] == 60
    assert seqs(oldest.entries)[0] == 1
    assert page.size == sum(len(entry.encode()) for entry in page.entries)


def test_a_reset_is_as_short_as_any_page_and_reaches_the_newest(chat: Chat, room: str, person: Person) -> None:
    for number in range(12):
        chat.messages.post(person, room, "🎈" * 9_999 + "x", f"{number}")
    page = chat.log.read(room, resume(Position("another", 3), 200))
    assert page.reset and page.complete
    assert page.size <= BYTES
    assert seqs(page.entries)[-1] == 12


def test_one_entry_is_a_page_however_long_it_is(store: Store, redis_url: str, room: str, person: Person) -> None:
    narrow = Chat(store, Config(redis_url=redis_url, rate_limit=False, max_backlog=36_000))
    post_all(narrow, room, person, [100, 10_000, 10_000, 100])
    for part, seq in ((latest(9), 4), (before(4, 9), 3), (before(3, 9), 2), (after(1, 9), 2), (after(2, 9), 3)):
        page = narrow.log.read(room, part)
        assert seqs(page.entries) == [seq]
        assert not page.complete


def test_what_is_read_in_redis_is_bounded_too(own_redis: Redis) -> None:
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, rate_limit=False))
    person = chat.people.claim("Ada", "127.0.0.1")
    room = chat.rooms.create("long", "", person).id
    chat.visits.enter(person, room)
    for number in range(400):
        # Whatever lies before them, short ones or long ones.
        chat.messages.post(person, room, "🎈" * (9_999 if number % 200 >= 40 else 1) + "x", f"{number}")
    client = own_redis.client()
    for part in (latest(200), before(300, 200), after(0, 200), after(200, 200), resume(Position("", 0), 200)):
        client.config_resetstat()
        with client.monitor() as monitor:
            page = chat.log.read(room, part)
            client_asked = _counts(monitor)
        assert page.entries
        assert client_asked and max(client_asked) <= 32


def _counts(monitor: Any) -> list[int]:
    """The COUNT of each range that Redis was asked for."""
    counts = []
    while monitor.connection.can_read(timeout=0.2):
        words = monitor.next_command()["command"].split()
        if words[0] in ("XRANGE", "XREVRANGE"):
            counts.append(int(words[-1]))
    return counts


sizes = st.lists(st.sampled_from([1, 200, 4_000, 10_000]), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes, st.integers(1, 200), st.sampled_from([40_000, 65_536, 200_000]))
def test_page_by_page_in_any_direction_the_log_is_the_log(
    chat: Chat, sizes: list[int], limit: int, max_backlog: int
) -> None:
    config = Config(rate_limit=False, max_backlog=max_backlog)
    narrow = Chat(chat.store, config)
    writer = narrow.people.claim(unique("Writer"), "127.0.0.1")
    room = narrow.rooms.create(unique("pages"), "", writer).id
    narrow.visits.enter(writer, room)
    post_all(narrow, room, writer, sizes)
    whole = list(range(1, len(sizes) + 1))
    epoch = narrow.rooms.find(room).epoch

    def read(part: Part) -> Page:
        page = narrow.log.read(room, part)
        assert 1 <= len(page.entries) <= limit
        assert len(page.entries) == 1 or page.size <= config.page_bytes
        # As much as fits, and not less.
        assert page.complete or len(page.entries) == limit or page.size > config.page_bytes - 11_000
        return page

    for onward in (after, lambda seq, limit: resume(Position(epoch, seq), limit)):
        found: list[int] = []
        complete = False
        while not complete:
            page = read(onward(found[-1] if found else 0, limit))
            found, complete = found + seqs(page.entries), page.complete
            assert not page.reset
        assert found == whole
    page = read(latest(limit))
    found = seqs(page.entries)
    while not page.complete:
        page = read(before(found[0], limit))
        found = seqs(page.entries) + found
    assert found == whole
