"""What goes by itself, because nobody needs it any more: silent rooms, rooms of drills that were killed, memberships of
people whose names lapsed."""

import time

from chat.config import Config
from chat.domain.keys import PARTS, ROOMS, SWEPT, UNLISTED, reads
from chat.domain.limits.limits import SILENT_ROOM
from chat.domain.people.people import People
from chat.domain.rooms.rooms import Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store

PAUSE = 600.0
"""Seconds between two sweeps, over all workers."""
AT_ONCE = 200
"""Rooms that one sweep takes away at most."""
SAMPLE = 100
"""Members of a room that are looked at, at random; again for as long as a quarter of them is gone, as Redis does it."""


class Sweep:
    """A bounded piece of work, done by whichever worker's turn it is."""

    def __init__(self, store: Store, config: Config, shards: Shards, people: People, rooms: Rooms) -> None:
        self._store = store
        self._shards = shards
        self._bus_length = config.bus_length
        self._people = people
        self._rooms = rooms

    def run(self) -> bool:
        """Sweep, unless some worker did lately; returns whether it was done."""
        (turn,) = self._store.ask(("SET", SWEPT, 1, "NX", "EX", int(PAUSE)))
        if turn:
            self.unlisted()
            self.rooms()
        return bool(turn)

    def unlisted(self) -> None:
        """Take away the rooms in no list whose time is up."""
        (overdue,) = self._store.ask(("ZRANGEBYSCORE", UNLISTED, "-inf", time.time(), "LIMIT", 0, AT_ONCE))
        for name in overdue:
            self._rooms.remove(name)

    def rooms(self) -> None:
        """Take away listed rooms in which nobody said anything and nobody was for a day, and members without a name."""
        (names,) = self._store.ask(("ZRANGE", ROOMS, 0, -1))
        gone = 0
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            heads = self._store.ask(*(("HGET", self._shards.key(name), "head") for name in some))
            for name, head in zip(some, heads, strict=True):
                if head is None:
                    # Whoever took it away was stopped before it was off the list.
                    self._rooms.unlist(name)
                elif int(head) == 0 and name != self._rooms.default and gone < AT_ONCE and self._lapse(name):
                    gone += 1
                else:
                    self._forget_members(name)

    def _lapse(self, name: str) -> bool:
        """Take a silent room away, if it is one; its name may be given to another."""
        key, parts = self._shards.key, [part for part in PARTS if part not in ("members", "links")]
        keys = [key(name, "members"), key(name, "links"), key(name), *self._shards.keys(name, *parts)]
        args: list[str | int] = [name, '{"listed":true}', self._bus_length, SILENT_ROOM]
        members = self._store.run("rooms/lapse", [*self._shards.bus(name), *keys], args)
        if members is None:
            return False
        for start in range(0, len(members), 500):
            self._store.ask(*(("HDEL", reads(member), name) for member in members[start : start + 500]))
        self._rooms.unlist(name)
        return True

    def _forget_members(self, name: str) -> None:
        members = self._shards.key(name, "members")
        for _ in range(20):
            (sample,) = self._store.ask(("ZRANDMEMBER", members, SAMPLE))
            gone = self._people.missing(sample)
            if gone:
                self._store.ask(("ZREM", members, *gone))
            if 4 * len(gone) < SAMPLE:
                return
