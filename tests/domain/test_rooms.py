"""Rooms: their names, and the default one."""

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.limits import BY_NETWORK, BY_PERSON
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


def test_a_network_makes_rooms_at_a_pace_and_others_go_on(own_chat: Chat) -> None:
    limited = Chat(own_chat.store, Config(redis_url=own_chat.store.url))
    most = BY_NETWORK["room"].pace.burst
    for number in range(most):
        limited.rooms.create(f"room-{number}", "", Person(f"p{number}", "Somebody"), "192.0.2.1")
    with pytest.raises(
        ChatError, match=r"^Many rooms were made from your network\. Try again in 10 minutes\.$"
    ) as refused:
        limited.rooms.create("another", "", FOUNDER, "192.0.2.1")
    assert refused.value.code == "too_fast"
    limited.rooms.create("another", "", FOUNDER, "192.0.2.2")
    for number in range(BY_PERSON["room"].pace.burst - 2):
        limited.rooms.create(f"own-{number}", "", FOUNDER, "")
    with pytest.raises(ChatError, match=r"^You made many rooms"):
        limited.rooms.create("one-more", "", FOUNDER, "")


def test_a_network_may_have_made_a_quarter_of_all_rooms(own_chat: Chat) -> None:
    chat = Chat(own_chat.store, Config(redis_url=own_chat.store.url, max_rooms=20, rate_limit=False))
    for number in range(5):
        chat.rooms.create(f"room-{number}", "", FOUNDER, "192.0.2.1")
    with pytest.raises(ChatError, match=r"^5 of the 20 rooms .* your network") as refused:
        chat.rooms.create("another", "", FOUNDER, "192.0.2.1")
    assert refused.value.code == "rooms_full"
    with pytest.raises(ChatError) as refused:
        chat.rooms.create("room-0", "", FOUNDER, "192.0.2.1")
    assert refused.value.code == "room_taken"
    chat.rooms.find("work")
    for number in range(14):
        chat.rooms.create(f"own-{number}", "", FOUNDER, "")
    with pytest.raises(ChatError, match=r"^There are 20 rooms, as many as this chat may have") as refused:
        chat.rooms.create("another", "", FOUNDER, "192.0.2.2")
    assert refused.value.code == "rooms_full"
    chat.rooms.remove("room-3")
    assert chat.rooms.create("another", "", FOUNDER, "192.0.2.1") in chat.rooms.all()
