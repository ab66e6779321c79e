"""A room of which the store threw a part away, as one does that evicts: founded anew, and told."""

import pytest

from chat.domain import Chat
from chat.domain.log import after, latest
from chat.domain.people import Person
from chat.store.errors import Unavailable


@pytest.fixture
def ada(own_chat: Chat) -> Person:
    """Ada, who said three things in the default room, and in another."""
    ada = own_chat.people.claim("Ada", "127.0.0.1")
    own_chat.rooms.create("garden", "Beans", ada)
    for room in ("work", "garden"):
        own_chat.memberships.join(ada, room)
        for text in ("one", "two", "three"):
            own_chat.messages.post(ada, room, text, text)
    return ada


def post(chat: Chat, person: Person, room: str, text: str) -> int:
    """Say something as a client does: again, where it is told to."""
    for _ in range(3):
        try:
            return chat.messages.post(person, room, text, text).seq
        except Unavailable:
            pass
    raise AssertionError("it was refused again and again")


@pytest.mark.parametrize("room", ["work", "garden"])
@pytest.mark.parametrize(("lost", "seq"), [("", 4), ("log", 1)])
def test_a_room_that_lost_a_part_goes_on_with_another_epoch(
    own_chat: Chat, ada: Person, room: str, lost: str, seq: int
) -> None:
    epoch = own_chat.rooms.find(room).epoch
    own_chat.store.redis.delete(own_chat.shards.key(room, lost))
    reader = own_chat.bus.reader()
    assert post(own_chat, ada, room, "four") == seq
    found = own_chat.log.read(room, latest(10))
    assert found.epoch != epoch
    assert [f'"text":"{text}"' in entry for text, entry in zip(["four"], found.entries[-1:], strict=True)] == [True]
    items = reader.read().items
    assert [(item.type, item.room) for item in items] == [("resync", room), ("message", room)]
    # What was said before is known by its id only as long as it stands.
    assert post(own_chat, ada, room, "five") == seq + 1


@pytest.mark.parametrize("room", ["work", "garden"])
def test_a_room_that_was_looked_for_is_found_with_what_is_left_of_it(own_chat: Chat, ada: Person, room: str) -> None:
    epoch = own_chat.rooms.find(room).epoch
    own_chat.store.redis.delete(own_chat.shards.key(room))
    found = own_chat.rooms.find(room)
    assert (found.head, found.epoch != epoch) == (3, True)
    assert len(own_chat.log.read(room, after(0, 10)).entries) == 3


def test_a_room_that_is_whole_stays_as_it_is(own_chat: Chat, ada: Person) -> None:
    before = own_chat.rooms.find("garden")
    assert not own_chat.rooms.refound("garden")
    assert not own_chat.rooms.refound("nowhere")
    assert own_chat.rooms.find("garden") == before
    own_chat.store.redis.xtrim(own_chat.shards.key("garden", "log"), 0)
    assert not own_chat.rooms.refound("garden")
    assert post(own_chat, ada, "garden", "four") == 4


def test_new_epochs_are_given_whatever_there_is(own_chat: Chat, ada: Person) -> None:
    before = own_chat.rooms.find("garden")
    assert own_chat.rooms.refound("garden", always=True)
    after_it = own_chat.rooms.find("garden")
    assert (after_it.head, after_it.topic, after_it.epoch != before.epoch) == (3, "Beans", True)
    assert post(own_chat, ada, "garden", "four") == 4
