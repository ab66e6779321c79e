"""Coming into a room and reading in it: what one finds, and in how few round trips."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.messages.log import before, latest
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.store.connection import Store
from tests.support.redis import Redis

TIMES = 20


@pytest.fixture
def lone(own_redis: Redis) -> Chat:
    """A chat on a Redis that nobody else asks, with a hundred entries in its room."""
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, rate_limit=False))
    writer = chat.people.claim("Writer", "127.0.0.1")
    chat.visits.enter(writer, "work")
    for number in range(100):
        chat.messages.post(writer, "work", "x" * 200, str(number))
    return chat


@pytest.fixture
def ada(lone: Chat) -> Person:
    """A member of the room."""
    person = lone.people.claim("Ada", "127.0.0.1")
    lone.visits.enter(person, "work", latest(50), "first")
    lone.presence.for_newcomer("work")
    return person


def trips(redis: Redis, act: Callable[[], Any]) -> float:
    """How many round trips to Redis something takes."""
    client = redis.client()

    def reads() -> int:
        return int(client.info("stats")["total_reads_processed"])

    begun = reads()
    for _ in range(TIMES):
        act()
    # One of them asked for the number.
    return (reads() - begun - 1) / TIMES


def test_a_page_of_history_takes_one_round_trip(lone: Chat, ada: Person, own_redis: Redis) -> None:
    assert len(lone.log.read("work", before(80, 50), ada).entries) == 50
    assert trips(own_redis, lambda: lone.log.read("work", before(80, 50), ada)) == 1
    assert trips(own_redis, lambda: lone.log.read("work", latest(50), ada)) == 1


def test_a_member_who_comes_again_takes_one_round_trip_and_one_to_see_who_is_here(
    lone: Chat, ada: Person, own_redis: Redis
) -> None:
    assert trips(own_redis, lambda: lone.visits.enter(ada, "work", latest(50), "tab")) == 1
    assert trips(own_redis, lambda: lone.presence.for_newcomer("work")) == 1


def test_whoever_comes_finds_the_newest_entries_and_has_read_them(lone: Chat, ada: Person) -> None:
    visit = lone.visits.enter(ada, "work", latest(50), "tab")
    assert (len(visit.page.entries), visit.page.head, visit.membership.read) == (50, 100, 100)
    assert lone.access.member(ada, "work").read == 100
    lone.messages.post(ada, "work", "new", "new")
    assert lone.visits.enter(ada, "work", latest(50), "tab").membership.read == 100


def test_whoever_comes_with_a_connection_is_here_and_whoever_comes_by_a_page_is_not(lone: Chat) -> None:
    cora, dan = (lone.people.claim(name, "127.0.0.1") for name in ("Cora", "Dan"))
    lone.visits.enter(cora, "work", latest(50), "tab")
    lone.visits.enter(dan, "work", latest(50))
    here = lone.presence.here("work").list
    assert cora.as_dict() in here
    assert dan.as_dict() not in here
    assert lone.access.member(dan, "work").room.id == "work"


def test_coming_renews_the_membership_and_the_name(lone: Chat, ada: Person) -> None:
    keys = lone.store.redis.keys("chat:{people}:*")
    assert len(keys) > 2
    mine = [key for key in keys if ada.id in key or lone.store.redis.type(key) == "string"]
    mine = [key for key in mine if ada.id in key or lone.store.redis.get(key) == ada.id]
    assert len(mine) > 2
    for key in mine:
        lone.store.redis.expire(key, 100)
    lone.store.redis.zadd(lone.shards.key("work", "members"), {ada.id: 1})
    lone.visits.enter(ada, "work", latest(50))
    assert all(lone.store.redis.ttl(key) > 100 for key in mine)
    assert lone.store.redis.zscore(lone.shards.key("work", "members"), ada.id) > 1


def test_the_default_room_is_there_for_whoever_comes_first(own_chat: Chat) -> None:
    person = own_chat.people.claim("Ada", "127.0.0.1")
    assert own_chat.visits.enter(person, "work", latest(50), "tab").page.entries == []
    with pytest.raises(ChatError) as refused:
        own_chat.visits.enter(person, "nowhere", latest(50), "tab")
    assert refused.value.code == "room_not_found"


def test_everybody_belongs_in_the_default_room_and_comes_back_to_it(own_chat: Chat) -> None:
    person = own_chat.people.claim("Ada", "127.0.0.1")
    assert own_chat.visits.enter(person, "work", latest(50), "tab", again=True).membership
    own_chat.store.redis.zrem(own_chat.shards.key("work", "members"), person.id)
    assert own_chat.visits.look(person, "work", latest(50)).membership
    assert own_chat.access.strangers("work", [person.id]) == []


def test_a_look_from_outside_changes_nothing_and_a_members_look_renews(own_chat: Chat) -> None:
    redis = own_chat.store.redis
    ada, ben = (own_chat.people.claim(name, "127.0.0.1") for name in ("Ada", "Ben"))
    room = own_chat.rooms.create("attic", "", ada).id
    own_chat.visits.enter(ada, room)
    own_chat.messages.post(ada, room, "hello", "id")
    room_keys = sorted(key for key in redis.keys("*") if "attic" in key)
    visit = own_chat.visits.look(ben, room, latest(50))
    assert (visit.membership, visit.read, len(visit.page.entries)) == (None, 1, 1)
    assert sorted(key for key in redis.keys("*") if "attic" in key) == room_keys
    assert own_chat.memberships.of(ben) == {}
    redis.zadd(own_chat.shards.key(room, "members"), {ada.id: time.time() - 1000})
    assert own_chat.visits.look(ada, room, latest(50)).membership
    assert redis.zscore(own_chat.shards.key(room, "members"), ada.id) > time.time() - 100
