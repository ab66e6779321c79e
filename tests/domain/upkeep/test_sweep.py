"""What nobody needs any more goes by itself, and nothing else does."""

import threading
import time

import msgspec
import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import MAKERS, PARTS, ROOMS, SWEPT, UNLISTED, reads
from chat.domain.limits.limits import SILENT_ROOM
from chat.domain.people.people import Person
from chat.domain.upkeep import sweep
from chat.errors import ChatError
from chat.store.connection import Store

LONG_AGO = time.time() - SILENT_ROOM - 60


@pytest.fixture
def ada(own_chat: Chat) -> Person:
    """Somebody who makes rooms."""
    return own_chat.people.claim("Ada", "")


def made_long_ago(chat: Chat, person: Person, name: str) -> str:
    """A room that was made, and last visited, more than a day ago."""
    chat.rooms.create(name, "", person, "192.0.2.1")
    chat.visits.enter(person, name)
    chat.store.redis.hset(chat.shards.key(name), "made", LONG_AGO)
    chat.store.redis.zadd(chat.shards.key(name, "members"), {person.id: LONG_AGO})
    return name


def keys_of(chat: Chat, name: str) -> list[str]:
    """All keys of a room that there are."""
    return [key for key in chat.shards.keys(name, "", *PARTS) if chat.store.redis.exists(key)]


def test_a_silent_room_that_nobody_visits_goes_after_a_day_and_everybody_is_told(own_chat: Chat, ada: Person) -> None:
    name = made_long_ago(own_chat, ada, "silent")
    own_chat.memberships.begin(ada, own_chat.rooms.find(name))
    reader = own_chat.bus.reader(own_chat.shards.of(name))
    assert own_chat.sweep.run()
    assert keys_of(own_chat, name) == []
    assert own_chat.store.redis.zscore(ROOMS, name) is None
    assert own_chat.store.redis.hget(MAKERS, name) is None
    assert own_chat.store.redis.hget(reads(ada.id), name) is None
    told = [(item.room, item.type, msgspec.json.decode(item.entry)) for item in reader.read().items]
    assert told == [(name, "roomRemoved", {"listed": True})]
    assert own_chat.rooms.create(name, "again", ada).topic == "again"


@pytest.mark.parametrize("why", ["talk", "visit", "new", "here", "default"])
def test_no_other_room_goes(own_chat: Chat, ada: Person, why: str) -> None:
    redis, name = own_chat.store.redis, made_long_ago(own_chat, ada, "room")
    if why == "talk":
        own_chat.messages.post(ada, name, "hello", "id")
    elif why == "visit":
        own_chat.visits.enter(ada, name)
    elif why == "new":
        redis.hset(own_chat.shards.key(name), "made", time.time() - SILENT_ROOM + 60)
    elif why == "here":
        own_chat.presence.arrive(name, [(ada, "connection")])
    else:
        name = own_chat.rooms.find("work").id
        redis.hset(own_chat.shards.key(name), "made", LONG_AGO)
    before = own_chat.rooms.find(name)
    own_chat.sweep.rooms()
    assert name in [room.id for room in own_chat.rooms.all()]
    # The same one, and none that was made anew, as the default room is.
    assert own_chat.rooms.find(name) == before


def test_a_connection_that_ended_long_ago_keeps_no_room(own_chat: Chat, ada: Person) -> None:
    name = made_long_ago(own_chat, ada, "room")
    own_chat.presence.arrive(name, [(ada, "connection")])
    own_chat.presence.depart(name, ada, "connection", grace=0)
    own_chat.sweep.rooms()
    assert keys_of(own_chat, name) == []


def test_a_room_of_an_earlier_version_goes_by_its_last_visit(own_chat: Chat, ada: Person) -> None:
    old, visited = (made_long_ago(own_chat, ada, name) for name in ("old", "visited"))
    for name in (old, visited):
        own_chat.store.redis.hdel(own_chat.shards.key(name), "made")
    own_chat.visits.enter(ada, visited)
    own_chat.sweep.rooms()
    assert [room.id for room in own_chat.rooms.all()] == ["work", visited]


def test_one_sweep_takes_a_bounded_number(own_chat: Chat, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "AT_ONCE", 3)
    for number in range(5):
        made_long_ago(own_chat, ada, f"room-{number}")
    own_chat.sweep.rooms()
    assert len(own_chat.rooms.all()) == 1 + 2
    own_chat.sweep.rooms()
    assert len(own_chat.rooms.all()) == 1


def test_one_worker_sweeps_at_a_time(own_chat: Chat) -> None:
    other = Chat(Store(own_chat.store.url), Config(redis_url=own_chat.store.url))
    assert [own_chat.sweep.run(), other.sweep.run(), own_chat.sweep.run()] == [True, False, False]
    assert 0 < own_chat.store.redis.ttl(SWEPT) <= sweep.PAUSE


def test_a_message_in_the_last_moment_keeps_the_room(
    own_chat: Chat, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, remove = made_long_ago(own_chat, ada, "room"), own_chat.removals.remove_silent

    def after_a_word(room: str) -> bool:
        own_chat.messages.post(ada, room, "hello", "id")
        return remove(room)

    # Between the look that found the room silent, and its end.
    monkeypatch.setattr(own_chat.removals, "remove_silent", after_a_word)
    own_chat.sweep.rooms()
    assert name in [room.id for room in own_chat.rooms.all()]
    assert own_chat.rooms.find(name).head == 1


def test_no_message_is_lost_to_a_sweep(own_chat: Chat, ada: Person) -> None:
    """Whoever speaks while a sweep looks either has the room, or no such room: never a message that is lost."""
    for number in range(30):
        name = made_long_ago(own_chat, ada, f"room-{number}")
        said: list[bool] = []

        def say(name: str = name, said: list[bool] = said) -> None:
            try:
                said.append(own_chat.messages.post(ada, name, "hello", "id").seq == 1)
            except ChatError as error:
                assert error.code == "room_not_found"
                said.append(False)

        speaker = threading.Thread(target=say)
        speaker.start()
        own_chat.sweep.rooms()
        speaker.join()
        assert (name in [room.id for room in own_chat.rooms.all()]) == said[0]
        assert bool(keys_of(own_chat, name)) == said[0]


def test_a_name_on_the_list_without_a_room_is_taken_off_it(own_chat: Chat, ada: Person) -> None:
    own_chat.store.redis.zadd(ROOMS, {"ghost": 0})
    own_chat.store.redis.hset(MAKERS, "ghost", "192.0.2.1")
    own_chat.sweep.rooms()
    assert own_chat.store.redis.zscore(ROOMS, "ghost") is None
    assert own_chat.store.redis.hexists(MAKERS, "ghost") is False


def test_a_room_that_was_made_anew_meanwhile_stays_on_the_list(own_chat: Chat, ada: Person) -> None:
    own_chat.rooms.create("anew", "", ada)
    own_chat.removals.unlist("anew")
    assert "anew" in [room.id for room in own_chat.rooms.all()]


def test_what_a_killed_drill_left_goes_when_its_time_is_up(own_chat: Chat) -> None:
    before = set(own_chat.store.redis.keys())
    gone, running = (own_chat.rooms.create_unlisted("drill", seconds) for seconds in (-1, 60))
    guest = own_chat.people.claim("Drill one", "", passing=True)
    for room in (gone, running):
        own_chat.visits.enter(guest, room.id)
        own_chat.messages.post(guest, room.id, "hello", "id")
    own_chat.sweep.unlisted()
    assert keys_of(own_chat, gone.id) == []
    assert own_chat.rooms.find(running.id).head == 1
    assert own_chat.store.redis.zrange(UNLISTED, 0, -1) == [running.id]
    own_chat.removals.remove(running.id)
    lasting = {key for key in set(own_chat.store.redis.keys()) - before if own_chat.store.redis.ttl(key) < 0}
    assert {key for key in lasting if ":bus" not in key} <= {"chat:{people}:unspoken"}


def test_members_whose_names_lapsed_are_forgotten(own_chat: Chat, ada: Person) -> None:
    own_chat.visits.enter(ada, "work")
    members = own_chat.shards.key("work", "members")
    own_chat.store.redis.zadd(members, {f"gone{number}": time.time() for number in range(1000)})
    own_chat.sweep.rooms()
    left = own_chat.store.redis.zcard(members)
    assert left < 200
    assert own_chat.access.member(ada, "work")
