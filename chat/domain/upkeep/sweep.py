"""What goes by itself, because nobody needs it any more: silent rooms, rooms of drills that were killed, memberships of
people whose names lapsed."""

import time

from chat.domain.keys import ROOMS, SWEPT, UNLISTED
from chat.domain.people.people import People
from chat.domain.rooms.removals import Removals
from chat.domain.rooms.rooms import Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store

# Seconds between two sweeps, over all workers.
PAUSE = 600.0
# Rooms that one sweep takes away at most.
AT_ONCE = 200
# How many members of a room are looked at, at random. If a quarter of them is gone, more are, as Redis itself does.
SAMPLE = 100


class Sweep:
    """A bounded piece of work, done by whichever worker's turn it is."""

    def __init__(self, store: Store, shards: Shards, people: People, rooms: Rooms, removals: Removals) -> None:
        self._store = store
        self._shards = shards
        self._people = people
        self._rooms = rooms
        self._removals = removals

    def run(self) -> bool:
        """Sweep, unless some worker did lately; returns whether it was done."""
        (turn,) = self._store.ask(("SET", SWEPT, 1, "NX", "EX", int(PAUSE)))
        if turn:
            self.unlisted()
            self.rooms()
        return bool(turn)

    def unlisted(self) -> None:
        """Take away the unlisted rooms whose time is up."""
        (overdue,) = self._store.ask(("ZRANGEBYSCORE", UNLISTED, "-inf", time.time(), "LIMIT", 0, AT_ONCE))
        for name in overdue:
            self._removals.remove(name)

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
                    self._removals.unlist(name)
                elif (
                    int(head) == 0
                    and name != self._rooms.default
                    and gone < AT_ONCE
                    and self._removals.remove_silent(name)
                ):
                    gone += 1
                else:
                    self._forget_members(name)

    def _forget_members(self, name: str) -> None:
        members = self._shards.key(name, "members")
        for _ in range(20):
            (sample,) = self._store.ask(("ZRANDMEMBER", members, SAMPLE))
            gone = self._people.missing(sample)
            if gone:
                self._store.ask(("ZREM", members, *gone))
            if 4 * len(gone) < SAMPLE:
                return
