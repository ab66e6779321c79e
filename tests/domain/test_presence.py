"""Who is here: leases of links."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest

from chat.domain import Chat, presence
from chat.domain.people.people import Person
from tests.support.waiting import eventually

ADA, BEN = Person("ada0", "Ada"), Person("be40", "Ben")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells at once, so that a test need not wait a second for each telling."""
    monkeypatch.setattr(presence, "TELLING", 0.001)


def arrive(chat: Chat, room: str, links: Iterable[tuple[Person, str]]) -> None:
    """Members come with these connections."""
    links = list(links)
    chat.store.redis.zadd(chat.shards.key(room, "members"), {person.id: time.time() for person, _ in links})
    chat.presence.arrive(room, links)


def told(chat: Chat, room: str) -> dict[str, Any]:
    """The next change that is told."""
    event: dict[str, Any] = json.loads(eventually(lambda: chat.presence.settle(room)))
    return event


def test_somebody_is_here_as_long_as_one_connection_is(chat: Chat, room: str) -> None:
    arrive(chat, room, [(ADA, "tab 1"), (ADA, "tab 2"), (BEN, "tab 3")])
    change = told(chat, room)
    assert sorted(person["name"] for person in change["joined"]) == ["Ada", "Ben"]
    chat.presence.depart(room, ADA, "tab 1", grace=0)
    assert chat.presence.here(room).count == 2
    assert chat.presence.settle(room) is None
    chat.presence.depart(room, ADA, "tab 2", grace=0)
    assert told(chat, room)["left"] == [ADA.as_dict()]
    assert chat.presence.here(room).list == [BEN.as_dict()]


def test_coming_back_within_the_grace_is_no_news(chat: Chat, room: str) -> None:
    arrive(chat, room, [(ADA, "before")])
    told(chat, room)
    chat.presence.depart(room, ADA, "before", grace=0.2)
    arrive(chat, room, [(ADA, "after")])
    eventually(lambda: chat.store.redis.zcard(f"chat:{{0}}:room:{room}:links") == 1 or chat.presence.here(room) is None)
    assert chat.presence.settle(room) is None
    assert chat.presence.here(room).count == 1


def test_links_that_nobody_renews_run_out(chat: Chat, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LEASE", 0.2)
    arrive(chat, room, [(ADA, "of a killed worker")])
    assert told(chat, room)["joined"] == [ADA.as_dict()]
    assert told(chat, room)["left"] == [ADA.as_dict()]
    assert chat.presence.here(room).count == 0


def test_coming_and_going_between_two_tellings_is_no_news(chat: Chat, room: str) -> None:
    arrive(chat, room, [(ADA, "tab")])
    chat.presence.depart(room, ADA, "tab", grace=0)
    assert chat.presence.here(room).count == 0
    assert chat.presence.settle(room) is None


def test_what_changed_is_told_at_a_pace(chat: Chat, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TELLING", 60)
    arrive(chat, room, [(ADA, "tab")])
    assert chat.presence.settle(room)
    arrive(chat, room, [(BEN, "tab")])
    assert chat.presence.settle(room) is None


def test_what_is_told_goes_over_the_bus(chat: Chat, room: str) -> None:
    reader = chat.bus.reader()
    arrive(chat, room, [(Person("a", 'A "quoted" / näme'), "tab")])
    event = told(chat, room)
    assert event == {"room": room, "joined": [{"id": "a", "name": 'A "quoted" / näme'}], "left": [], "count": 1}
    (item,) = [item for item in reader.read().items if item.room == room]
    assert (item.type, item.seq, json.loads(item.entry)) == ("presence", 0, event)


def test_a_crowd_is_a_count_and_the_first_names(chat: Chat, room: str) -> None:
    crowd = [(Person(f"{number:04x}", f"Person {number:04}"), "tab") for number in range(2000)]
    arrive(chat, room, reversed(crowd))
    first = [person.as_dict() for person, _ in crowd[:100]]
    event = told(chat, room)
    assert event == {"room": room, "joined": [], "left": [], "count": 2000, "list": first}
    assert chat.presence.here(room) == presence.Here(2000, first, complete=False)
    last = chat.presence.here(room, start=1900)
    assert last == presence.Here(2000, [person.as_dict() for person, _ in crowd[1900:]], complete=True)


def crowd_of(count: int) -> list[tuple[Person, str]]:
    """So many people, each with a connection."""
    return [(Person(f"{number:04x}", f"Person {number:04}"), "tab") for number in range(count)]


@pytest.mark.parametrize("count", [presence.SHOWN - 1, presence.SHOWN - 2])
def test_whoever_comes_into_a_room_of_few_is_told_exactly_who_is_here(
    chat: Chat, room: str, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(presence, "TELLING", 60)
    people = crowd_of(count + 1)
    arrive(chat, room, people[:-1])
    assert chat.presence.for_newcomer(room).count == count
    # Up to as many as are shown.
    arrive(chat, room, people[-1:])
    assert chat.presence.for_newcomer(room).list == [person.as_dict() for person, _ in people]
    chat.presence.depart(room, *people[0], grace=0)
    assert chat.presence.for_newcomer(room).list == [person.as_dict() for person, _ in people[1:]]


def test_thousands_who_come_at_once_are_told_what_was_just_seen(
    own_chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(presence, "TELLING", 1.0)
    chat, room, people = own_chat, "work", crowd_of(4000)

    def asked() -> int:
        return int(chat.store.redis.info("stats")["total_commands_processed"])

    arrive(chat, room, people[: presence.SHOWN + 1])
    seen = chat.presence.for_newcomer(room)
    assert seen == presence.Here(presence.SHOWN + 1, [person.as_dict() for person, _ in people[:100]], complete=False)
    arrive(chat, room, people)
    before = asked()
    for _ in people:
        assert chat.presence.for_newcomer(room) is seen
    # Only the question for the number.
    assert asked() - before == 1
    # It is never older than this, and another room's is another.
    assert chat.presence.for_newcomer("elsewhere").count == 0
    now += 1.001
    assert chat.presence.for_newcomer(room).count == 4000


def test_a_crowd_that_goes_is_a_few_again_within_the_pause(
    chat: Chat, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(presence, "TELLING", 1.0)
    people = crowd_of(presence.SHOWN + 1)
    arrive(chat, room, people)
    assert chat.presence.for_newcomer(room).count == len(people)
    chat.presence.depart(room, *people[0], grace=0)
    now += 1.001
    assert chat.presence.for_newcomer(room).count == presence.SHOWN
    chat.presence.depart(room, *people[1], grace=0)
    assert chat.presence.for_newcomer(room).count == presence.SHOWN - 1


def test_those_who_ask_for_the_list_of_a_crowd_get_it_as_it_is(chat: Chat, room: str) -> None:
    people = crowd_of(200)
    arrive(chat, room, people[:150])
    assert chat.presence.for_newcomer(room).count == 150
    arrive(chat, room, people[150:])
    assert chat.presence.here(room).count == 200
