"""Who may do what in a room: asked in one place, and looked at again where it is done."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.domain import Chat
from chat.domain.access import Access, Membership
from chat.domain.messages.log import latest
from chat.domain.people.people import Person
from chat.domain.rooms.rooms import Room
from chat.errors import ChatError
from tests.support.clients import unique

Act = Callable[[Chat, Person, str], Any]

FOR_EVERYBODY: dict[str, Act] = {
    "look": lambda chat, person, room: chat.visits.look(person, room, latest(1)),
    "come in": lambda chat, person, room: chat.visits.enter(person, room),
}
FOR_MEMBERS: dict[str, Act] = {
    "come back": lambda chat, person, room: chat.visits.enter(person, room, again=True),
    "read on": lambda chat, person, room: chat.log.read(room, latest(1), person),
    "write": lambda chat, person, room: chat.messages.post(person, room, "hello", "id"),
    "mark as read": lambda chat, person, room: chat.memberships.read(person, room, 0),
    "type, and see who is here": lambda chat, person, room: chat.access.member(person, room),
    "leave": lambda chat, person, room: chat.memberships.leave(person, room),
}
ACTS = FOR_EVERYBODY | FOR_MEMBERS


@pytest.fixture
def ben(chat: Chat) -> Person:
    """Somebody who belongs to no room."""
    return chat.people.claim(unique("Ben"), "")


def refusal(act: Act, chat: Chat, person: Person, room: str) -> str:
    """The code with which it is refused, if it is."""
    try:
        act(chat, person, room)
    except ChatError as error:
        return error.code
    return ""


@pytest.mark.parametrize("act", ACTS)
def test_a_member_may_do_all_of_it(chat: Chat, ben: Person, room: str, act: str) -> None:
    chat.visits.enter(ben, room)
    assert refusal(ACTS[act], chat, ben, room) == ""


@pytest.mark.parametrize("act", ACTS)
def test_somebody_else_may_look_and_come_in_alone(chat: Chat, ben: Person, room: str, act: str) -> None:
    expected = "" if act in FOR_EVERYBODY else "room_not_found"
    assert refusal(ACTS[act], chat, ben, room) == expected
    assert (chat.memberships.of(ben) == {}) == (act != "come in")


@pytest.mark.parametrize("act", ACTS)
def test_in_a_room_that_is_not_there_nobody_may_do_anything(chat: Chat, ben: Person, act: str) -> None:
    assert refusal(ACTS[act], chat, ben, unique("nowhere")) == "room_not_found"


@pytest.mark.parametrize("act", ["come back", "read on", "write", "leave"])
def test_the_step_that_does_it_looks_again(
    chat: Chat, ben: Person, room: str, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a membership ends between the asking and the doing."""

    def still_a_member(_: Access, person: Person, name: str) -> Membership:
        monkeypatch.undo()
        return Membership(person, Room(name, "", "", 0), 0)

    monkeypatch.setattr(Access, "member", still_a_member)
    assert refusal(FOR_MEMBERS[act], chat, ben, room) == "room_not_found"


def test_nobody_leaves_or_removes_the_room_that_everybody_belongs_to(chat: Chat, ben: Person) -> None:
    default = chat.rooms.default
    chat.visits.enter(ben, default)
    assert refusal(FOR_MEMBERS["leave"], chat, ben, default) == "invalid"
    assert refusal(lambda chat, _, room: chat.removals.remove(room), chat, ben, default) == "invalid"
    assert chat.access.member(ben, default)
