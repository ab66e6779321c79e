"""With rooms in four shards, what breaks loses nothing either."""

from collections.abc import Callable

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Store
from tests.faults.test_drills import RECOVERED
from tests.support.drill import Drill, NodeReader, Reader
from tests.support.redis import Redis
from tests.support.servers import Server

SHARDS = 4
ROOMS = ("work", "study", "garden", "attic")


@pytest.fixture
def drills(own_redis: Redis, start_server: Callable[..., Server], start_drill: Callable[..., Drill]) -> list[Drill]:
    """A drill in a room of each shard, at one server."""
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, bus_shards=SHARDS, rate_limit=False))
    assert [chat.shards.of(room) for room in ROOMS] == list(range(SHARDS))
    founder = chat.people.claim("Founder", "127.0.0.1")
    server = start_server(CHAT_BUS_SHARDS=str(SHARDS))
    for room in ROOMS[1:]:
        chat.rooms.create(room, "", founder)
    return [start_drill(server, room=room, pace=0.1, kinds=(Reader, NodeReader)) for room in ROOMS]


def test_redis_is_killed_and_started_again_while_people_talk_in_every_shard(
    own_redis: Redis, drills: list[Drill]
) -> None:
    for _ in range(2):
        own_redis.kill()
        own_redis.start()
        for drill in drills:
            drill.flow()
    for drill in drills:
        assert drill.verify() < RECOVERED
