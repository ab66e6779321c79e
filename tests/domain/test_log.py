"""The room log: one atomic step a post, in one order, once."""

import json
import threading

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.log import Position, after, latest, resume
from chat.domain.people import Person
from chat.errors import ChatError
from chat.store.connection import Store
from tests.support.clients import unique


@pytest.fixture
def person(chat: Chat, room: str) -> Person:
    """A member of the room."""
    claimed = chat.people.claim(unique("Member"), "127.0.0.1")
    chat.memberships.join(claimed, room)
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


def test_who_is_no_member_writes_nothing(chat: Chat, room: str) -> None:
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
    short.memberships.join(member, room)
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
    limited.memberships.join(member, room)
    with pytest.raises(ChatError) as refused:
        for number in range(30):
            limited.messages.post(member, room, "x", str(number))
    assert refused.value.code == "too_fast"
    assert 0 < refused.value.retry_after <= 1
    # A repeat is no new message.
    assert limited.messages.post(member, room, "x", "0").seq == 1
