"""A room that lost a part, as in a store that evicts: it gets another epoch, and its clients are told."""

import logging
import secrets

import pytest

from chat.domain import Chat
from chat.domain.messages.log import after, latest
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.store.errors import Unavailable
from tests.support.clients import unique


@pytest.fixture
def ada(own_chat: Chat) -> Person:
    """Ada, who said three things in the default room, and in another."""
    ada = own_chat.people.claim("Ada", "127.0.0.1")
    own_chat.rooms.create("garden", "Beans", ada)
    for room in ("work", "garden"):
        own_chat.visits.enter(ada, room)
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
    assert not own_chat.rooms.new_epoch("garden")
    assert not own_chat.rooms.new_epoch("nowhere")
    assert own_chat.rooms.find("garden") == before
    own_chat.store.redis.xtrim(own_chat.shards.key("garden", "log"), 0)
    assert not own_chat.rooms.new_epoch("garden")
    assert post(own_chat, ada, "garden", "four") == 4


def test_new_epochs_are_given_whatever_there_is(own_chat: Chat, ada: Person) -> None:
    before = own_chat.rooms.find("garden")
    assert own_chat.rooms.new_epoch("garden", always=True)
    after_it = own_chat.rooms.find("garden")
    assert (after_it.head, after_it.topic, after_it.epoch != before.epoch) == (3, "Beans", True)
    assert post(own_chat, ada, "garden", "four") == 4


def test_whoever_was_a_member_is_one_again_where_the_members_are_lost(own_chat: Chat, ada: Person) -> None:
    ben, cleo = (own_chat.people.claim(name, "127.0.0.1") for name in ("Ben", "Cleo"))
    own_chat.visits.enter(ben, "garden")
    own_chat.store.redis.delete(own_chat.shards.key("garden", "members"))
    # A worker that missed something ends nobody's hearing for it.
    assert own_chat.access.strangers("garden", [ada.id, ben.id, cleo.id]) == [cleo.id]
    assert post(own_chat, ada, "garden", "four") == 4
    # The first to come back does not lock out the others, who come back in other ways.
    assert own_chat.visits.enter(ben, "garden", latest(5), again=True).membership
    own_chat.memberships.leave(ben, "garden")
    for stranger in (ben, cleo):
        with pytest.raises(ChatError) as refused:
            post(own_chat, stranger, "garden", "let me in")
        assert refused.value.code == "room_not_found"
        assert own_chat.visits.look(stranger, "garden", latest(5)).membership is None
        with pytest.raises(ChatError):
            own_chat.visits.enter(stranger, "garden", latest(5), again=True)


def test_a_look_finds_a_membership_that_was_lost(own_chat: Chat, ada: Person) -> None:
    own_chat.store.redis.delete(own_chat.shards.key("garden", "members"))
    assert own_chat.visits.look(ada, "garden", latest(5)).membership


def test_whoever_is_no_member_of_a_room_that_lost_nothing_stays_outside(own_chat: Chat, ada: Person) -> None:
    ben = own_chat.people.claim("Ben", "127.0.0.1")
    own_chat.visits.enter(ben, "garden")
    # As of somebody whose membership lapsed, and whose reading did not.
    own_chat.store.redis.zrem(own_chat.shards.key("garden", "members"), ben.id)
    assert not own_chat.access.regain(ben, "garden")
    assert not own_chat.access.regain(ben, "nowhere")
    with pytest.raises(ChatError):
        post(own_chat, ben, "garden", "five")


@pytest.mark.parametrize("lost", ["", "members", "log", "sent", "links", "here", "labels", "roll", "changes"])
def test_whatever_a_redis_that_evicts_takes_people_go_on(
    own_chat: Chat, ada: Person, lost: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("chat"), "propagate", True)
    for _ in range(3):
        own_chat.store.redis.delete(own_chat.shards.key("garden", lost))
        for _ in range(3):
            post(own_chat, ada, "garden", secrets.token_hex(4))
        own_chat.presence.arrive("garden", [(ada, "a connection")])
        own_chat.presence.settle("garden")
        assert own_chat.visits.enter(ada, "garden", latest(5), "a connection").membership
        ben = own_chat.people.claim(unique("Ben"), "127.0.0.1")
        own_chat.visits.enter(ben, "garden")
        post(own_chat, ben, "garden", "hello")
    assert len(caplog.records) <= 6, caplog.text


def test_leaving_is_safe_to_repeat_for_a_former_member(own_chat: Chat, ada: Person) -> None:
    own_chat.memberships.leave(ada, "garden")
    reader = own_chat.bus.reader()
    # As Redis's client does, where the answer was lost.
    own_chat.memberships.leave(ada, "garden")
    assert reader.read().items == []
    ben = own_chat.people.claim("Ben", "127.0.0.1")
    with pytest.raises(ChatError) as refused:
        own_chat.memberships.leave(ben, "garden")
    assert refused.value.code == "room_not_found"
    own_chat.visits.enter(ada, "garden")
    own_chat.memberships.leave(ada, "garden")
    assert own_chat.memberships.of(ada) == {"work": 0}
