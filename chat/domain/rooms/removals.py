"""Taking rooms away, with all that they have."""

import msgspec

from chat.config import Config
from chat.domain.access import Access
from chat.domain.keys import MAKERS, PARTS, ROOMS, UNLISTED, reads
from chat.domain.limits.limits import SILENT_ROOM
from chat.domain.shards import Shards
from chat.store.connection import Store


class Removals:
    """Removing is safe to repeat where it was interrupted. Every worker hears of it on the bus."""

    def __init__(self, store: Store, config: Config, shards: Shards, access: Access) -> None:
        self._store = store
        self._shards = shards
        self._bus_length = config.bus_length
        self._access = access

    def remove(self, name: str) -> int:
        """Take away a room, tell everyone who could see it, and return how many members it had.

        Raises:
            ChatError: `invalid` for the default room.
        """
        return len(self._remove(name, 0) or [])

    def remove_silent(self, name: str) -> bool:
        """Take away a room in which nobody said anything and nobody was for a day; returns whether it was one.

        Its name may be given to another.
        """
        return self._remove(name, SILENT_ROOM) is not None

    def _remove(self, name: str, lately: int) -> list[str] | None:
        self._access.refuse_everybodys(name)
        listed = self._store.ask(("ZSCORE", ROOMS, name))[0] is not None
        signal = msgspec.json.encode({"listed": listed}).decode()
        keys = [*self._shards.bus(name), *self._shards.keys(name, "", *PARTS)]
        members: list[str] | None = self._store.run("rooms/remove", keys, [name, signal, self._bus_length, lately])
        if members is not None:
            for start in range(0, len(members), 500):
                self._store.ask(*(("HDEL", reads(member), name) for member in members[start : start + 500]))
            self.unlist(name)
        return members

    def unlist(self, name: str) -> None:
        """Take a room that is gone out of the lists, unless it was made anew."""
        self._store.ask(("ZREM", ROOMS, name), ("HDEL", MAKERS, name), ("ZREM", UNLISTED, name))
        # Whoever made it after this look puts it on the list after it, too.
        if self._store.ask(("EXISTS", self._shards.key(name)))[0]:
            self._store.ask(("ZADD", ROOMS, 0, name))
