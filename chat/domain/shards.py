"""Shards: rooms spread over several buses. What a room has, and its shard's bus, are in one slot of a Redis Cluster."""

import unicodedata
import zlib
from functools import lru_cache

from chat.config import Config, ConfigError
from chat.domain import keys
from chat.errors import room_not_found
from chat.store.connection import Store

# Characters of a room's name at most, the ending of an unlisted one with it.
LONGEST = 64
# What may stand in a room's name beside letters, digits and marks.
JOINERS = "-\u200c\u200d"


class Shards:
    """Where each room is. Shard 0 also has the bus for what concerns no room."""

    def __init__(self, config: Config) -> None:
        self.count = config.bus_shards

    def of(self, room: str) -> int:
        """The number of the room's shard.

        Raises:
            ChatError: `room_not_found` where no room can be called so.
        """
        return _checksum(room) % self.count

    def key(self, room: str, part: str = "") -> str:
        """The Redis key of a room, or of a part of it.

        Raises:
            ChatError: `room_not_found` where no room can be called so.
        """
        return keys.room(self.of(room), room, part)

    def keys(self, room: str, *parts: str) -> list[str]:
        """The Redis keys of these parts of a room; the one without a name is the room itself."""
        return [self.key(room, part) for part in parts]

    def bus(self, room: str) -> list[str]:
        """The Redis keys of the bus that the room is told on: its entries, and its state."""
        return keys.bus(self.of(room))

    def check(self, store: Store) -> None:
        """Check that the store has as many shards as the settings say; an empty one gets as many.

        Raises:
            ConfigError: it has another number of shards, or not the database that `REDIS_URL` names.
        """
        store.check_database()
        (found,) = store.probe(("GET", keys.SHARDS))
        if found is None:
            _, found = store.probe(("SET", keys.SHARDS, self.count, "NX"), ("GET", keys.SHARDS))
        if int(found) != self.count:
            raise ConfigError(
                f"CHAT_BUS_SHARDS is {self.count}, but must be {found}: "
                "that is how the rooms in this Redis are spread, and it cannot be changed any more."
            )


@lru_cache(1024)
def _checksum(room: str) -> int:
    """The CRC-32 of a room's name. Names come from the wire, so they are checked here, before they are part of a key.

    Wider than what `rooms.normalise` gives, and narrow enough that it names no other key.
    """
    if not 1 <= len(room) <= LONGEST or not all(_may_stand(character) for character in room):
        raise room_not_found(room)
    return zlib.crc32(room.encode())


def _may_stand(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character)[0] in "LNM"
