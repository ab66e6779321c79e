"""Shards: rooms spread over several buses. What a room has, and its shard's bus, are in one slot of a Redis Cluster."""

import zlib

from chat.config import Config, ConfigError
from chat.store.connection import Store

KEY = "chat:shards"
"""How many there are: what the names of all other keys follow from."""


class Shards:
    """Where each room is. Shard 0 also has the bus for what concerns no room."""

    def __init__(self, config: Config) -> None:
        self.count = config.bus_shards

    def of(self, room: str) -> int:
        """The number of the room's shard."""
        return zlib.crc32(room.encode()) % self.count

    def key(self, room: str, part: str = "") -> str:
        """The Redis key of a room, or of a part of it."""
        return f"chat:{{{self.of(room)}}}:room:{room}" + (f":{part}" if part else "")

    def keys(self, room: str, *parts: str) -> list[str]:
        """The Redis keys of these parts of a room; the one without a name is the room itself."""
        return [self.key(room, part) for part in parts]

    def bus(self, shard: int) -> list[str]:
        """The Redis keys of a bus: its entries, and its state."""
        return [f"chat:{{{shard}}}:bus", f"chat:{{{shard}}}:bus:state"]

    def pace(self, shard: int, person_id: str) -> str:
        """The Redis key of how fast a person writes in the rooms of a shard."""
        return f"chat:{{{shard}}}:pace:message:{person_id}"

    def check(self, store: Store) -> None:
        """See that the store is spread as the settings say, or will be, if it is empty.

        Raises:
            ConfigError: it has another number of shards, or not the database that `REDIS_URL` names.
        """
        store.check_database()
        _, found = store.ask(("SET", KEY, self.count, "NX"), ("GET", KEY))
        if int(found) != self.count:
            raise ConfigError(
                f"CHAT_BUS_SHARDS is {self.count}, but must be {found}: "
                "that is how the rooms in this Redis are spread, and it cannot be changed any more."
            )
