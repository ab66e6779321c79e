"""Rooms: their names, and the default one."""

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.limits.limits import BY_NETWORK, BY_PERSON
from chat.domain.people.people import Person
from chat.domain.rooms.rooms import normalise
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
        ("work\ufe0f", "work"),
        ("##x", "x"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
    ],
)
def test_a_rooms_name_is_made_fit_for_an_address(typed: str, name: str) -> None:
    assert normalise(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "#", "a/b", "a.b", "x" * 33, "x" * 300, "🎈", "a\u200bb", "{0}", "work:log"),
        *("\u3164", "\u2800", "\u0301", "work\u034f", "work\u17b4", "work\u180b", "work\u3164", "work\U000e0101"),
        *("work\u200d", "wo\u200crk", "work\U00016fe4", "a" + "\u0301" * 31, "a" + "\u0489" * 4),
    ],
)
def test_another_name_is_refused(typed: str) -> None:
    with pytest.raises(ChatError) as refused:
        normalise(typed)
    assert refused.value.code == "room_invalid"


def test_the_default_room_stands_from_the_start(chat: Chat) -> None:
    assert chat.rooms.find("work").id == "work"
    assert chat.rooms.all()[0].id == "work"


def test_a_room_is_made_once(chat: Chat) -> None:
    name = unique("twice")
    made = chat.rooms.create(name, " what  it is about ", FOUNDER)
    assert (made.topic, made.head) == ("what it is about", 0)
    assert made in chat.rooms.all()
    with pytest.raises(ChatError) as refused:
        chat.rooms.create(name.upper(), "", FOUNDER)
    assert refused.value.code == "room_taken"


@pytest.mark.parametrize("twin", ["wоrk", "w0rk", "WОRK", "wοrk", "work\ufe0f", "Work", "ｗｏｒｋ"])
def test_no_room_is_made_that_looks_like_another(chat: Chat, twin: str) -> None:
    chat.rooms.find("work")
    with pytest.raises(ChatError) as refused:
        chat.rooms.create(twin, "", FOUNDER)
    assert refused.value.code == "room_taken"
    assert "work" in refused.value.message


def test_what_looks_like_it_is_free_when_a_room_is_gone(own_chat: Chat) -> None:
    own_chat.rooms.create("garden", "", FOUNDER)
    with pytest.raises(ChatError, match=r"looks like garden, which is a room already\."):
        own_chat.rooms.create("gardеn", "", FOUNDER)
    own_chat.removals.remove("garden")
    assert own_chat.rooms.create("gardеn", "", FOUNDER).id == "gardеn"


def test_a_room_that_nobody_could_make_today_is_still_there(own_chat: Chat) -> None:
    for name in ("ㅤ", "wоrk"):
        own_chat.rooms._make(name, "")
        assert own_chat.rooms.find(name).id == name
    assert [room.id for room in own_chat.rooms.all()] == ["work", "wоrk", "ㅤ"]


@pytest.mark.parametrize(
    "topic", ["x" * 201, "a\u202eb", "a\u200bb", "a\u2066b", "\U000e0067x", "🏴\U000e0067", "a\ufeff"]
)
def test_a_topic_that_cannot_be_shown_is_refused(chat: Chat, topic: str) -> None:
    with pytest.raises(ChatError) as refused:
        chat.rooms.create(unique("topic"), topic, FOUNDER)
    assert refused.value.code == "room_invalid"
    assert "topic" in refused.value.message


@pytest.mark.parametrize(
    "topic",
    [
        *("می\u200cخواهم", "ශ්\u200dරී ලංකා", "the 👨\u200d👩\u200d👧 room", "❤️\u200d🔥", "\U0003fffd and \ue000"),
        *("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f and 🏴\U000e0067\U000e007f", "١\u0600٢"),
    ],
)
def test_a_topic_is_text_as_people_write_it(chat: Chat, topic: str) -> None:
    assert chat.rooms.create(unique("topic"), topic, FOUNDER).topic == topic


def test_a_topic_is_one_line_without_what_draws_over_others(chat: Chat) -> None:
    made = chat.rooms.create(unique("topic"), "one\x00\r\ntwo\ta" + "\u0315" * 40, FOUNDER)
    assert made.topic == "one two a" + "\u0315" * 8


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
    chat.removals.remove("room-3")
    assert chat.rooms.create("another", "", FOUNDER, "192.0.2.1") in chat.rooms.all()


def test_a_room_is_made_once_by_the_same_person_and_id(chat: Chat) -> None:
    maker, other = (chat.people.claim(unique(name), "127.0.0.1") for name in ("Maker", "Other"))
    name = unique("garden")
    made = chat.rooms.create(name, "Beans", maker, id="one")
    assert chat.rooms.create(name, "Beans", maker, id="one") == made
    for person, id in ((maker, "two"), (maker, ""), (other, "one")):
        with pytest.raises(ChatError) as refused:
            chat.rooms.create(name, "Peas", person, id=id)
        assert refused.value.code == "room_taken"
    # Without an id, nothing is a repeat.
    plain = unique("plain")
    chat.rooms.create(plain, "", maker)
    with pytest.raises(ChatError):
        chat.rooms.create(plain, "", maker)


def test_the_default_room_that_another_worker_makes_at_the_same_moment_is_found(
    own_chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Chat(own_chat.store, Config(rate_limit=False))
    look = own_chat.rooms.new_epoch

    def meanwhile(name: str) -> bool:
        other.rooms.find(name)
        return look(name)

    monkeypatch.setattr(own_chat.rooms, "new_epoch", meanwhile)
    assert own_chat.rooms.find("work").id == "work"
