"""Shards: what has to be in one slot of a Redis Cluster is, and the rooms are spread."""

import re

import pytest

from chat.config import Config, ConfigError
from chat.domain import Chat, keys
from chat.domain.shards import Shards
from chat.store.connection import Store

ROOMS = [f"room-{number}" for number in range(1000)]


def of(count: int) -> Shards:
    """So many shards."""
    return Shards(Config(bus_shards=count))


def tag(key: str) -> str:
    """What a Redis Cluster makes a key's slot from."""
    found = re.search(r"\{(.+?)\}", key)
    assert found, key
    return found[1]


@pytest.mark.parametrize("count", [1, 4, 64])
def test_what_a_room_has_is_in_one_slot_with_its_bus(count: int) -> None:
    shards = of(count)
    for room in (*ROOMS, "林"):
        shard = shards.of(room)
        found = [*shards.keys(room, "", *keys.PARTS), *shards.bus(room)]
        found += [keys.message_pace(shard, "ada"), keys.left(shard, "ada")]
        assert {tag(key) for key in found} == {str(shard)}
        assert len(set(found)) == len(found)


def test_rooms_are_spread_over_all_shards() -> None:
    found = [of(4).of(room) for room in ROOMS]
    assert set(found) == {0, 1, 2, 3}
    for shard in range(4):
        assert found.count(shard) > len(ROOMS) / 8


def test_where_a_room_is_never_changes() -> None:
    assert [of(4).of(room) for room in ("work", "study", "garden", "林")] == [0, 1, 2, 3]


def test_one_shard_has_everything() -> None:
    assert {of(1).key(room) for room in ROOMS} == {f"chat:{{0}}:room:{room}" for room in ROOMS}
    assert of(1).bus("work") == ["chat:{0}:bus", "chat:{0}:bus:state"]


def test_an_empty_store_becomes_what_the_settings_say(own_chat: Chat) -> None:
    of(4).check(own_chat.store)
    assert own_chat.store.redis.get(keys.SHARDS) == "4"
    of(4).check(own_chat.store)


def test_a_store_that_is_spread_otherwise_is_refused_and_left_as_it_is(own_chat: Chat) -> None:
    of(4).check(own_chat.store)
    for count in (1, 8):
        with pytest.raises(ConfigError, match=rf"^CHAT_BUS_SHARDS is {count}, but must be 4: .*\.$"):
            of(count).check(own_chat.store)
    assert own_chat.store.redis.get(keys.SHARDS) == "4"


def test_a_bus_of_a_store_that_is_spread_otherwise_is_not_read(own_chat: Chat) -> None:
    of(4).check(own_chat.store)
    with pytest.raises(ConfigError, match="CHAT_BUS_SHARDS"):
        own_chat.bus.reader()


def test_everything_that_is_said_in_a_room_is_on_the_bus_of_its_shard(own_chat: Chat) -> None:
    config = Config(redis_url=own_chat.store.url, bus_shards=4, rate_limit=False)
    chat = Chat(Store(own_chat.store.url), config)
    readers = [chat.bus.reader(shard) for shard in range(4)]
    ada = chat.people.claim("Ada", "127.0.0.1")
    names = ["work", "study", "garden", "attic", "kitchen", "loft"]
    for name in names[1:]:
        chat.rooms.create(name, "", ada)
    for name in names:
        chat.visits.enter(ada, name)
        chat.messages.post(ada, name, "hello", "id")
        chat.presence.arrive(name, [(ada, "tab")])
        assert chat.presence.settle(name)
    told = [[(item.type, item.room) for item in reader.read().items] for reader in readers]
    assert [item for item in told[0] if item[0] == "room"] == [("room", "")] * 5
    for shard in range(4):
        expected = [(type, name) for name in names if chat.shards.of(name) == shard for type in ("message", "presence")]
        assert [item for item in told[shard] if item[1]] == expected
    assert len({chat.shards.of(name) for name in names}) == 4
    for key in chat.store.redis.keys("chat:{?}:*"):
        if (found := re.search(r":room:([^:]+)", key)) is not None:
            assert tag(key) == str(chat.shards.of(found[1]))
