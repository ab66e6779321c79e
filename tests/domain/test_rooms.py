"""Rooms: their names, and the default one."""

import pytest

from chat.domain import Chat
from chat.domain.people import Person
from chat.domain.rooms import normalise
from chat.errors import ChatError
from tests.support.clients import unique

FOUNDER = Person("f00d", "Founder")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Design", "design"),
        (" #Release  Notes ", "release-notes"),
        ("読書", "読書"),
        ("a_b", "a-b"),
        ("Ärger", "ärger"),
    ],
)
def test_a_rooms_name_is_made_fit_for_an_address(typed: str, name: str) -> None:
    assert normalise(typed) == name


@pytest.mark.parametrize("typed", ["", "#", "a/b", "a.b", "x" * 33, "🎈", "a\u200bb", "{0}"])
def test_another_name_is_refused(typed: str) -> None:
    with pytest.raises(ChatError) as refused:
        normalise(typed)
    assert refused.value.code == "room_invalid"


def test_the_default_room_stands_from_the_start(chat: Chat) -> None:
    assert chat.rooms.find("work").name == "work"
    assert chat.rooms.all()[0].name == "work"


def test_a_room_is_made_once(chat: Chat) -> None:
    name = unique("twice")
    made = chat.rooms.create(name, " what  it is about ", FOUNDER)
    assert (made.topic, made.head) == ("what it is about", 0)
    assert made in chat.rooms.all()
    with pytest.raises(ChatError) as refused:
        chat.rooms.create(name.upper(), "", FOUNDER)
    assert refused.value.code == "room_taken"


@pytest.mark.parametrize("topic", ["x" * 201, "a\u202eb"])
def test_a_topic_that_cannot_be_shown_is_refused(chat: Chat, topic: str) -> None:
    with pytest.raises(ChatError) as refused:
        chat.rooms.create(unique("topic"), topic, FOUNDER)
    assert refused.value.code == "room_invalid"
