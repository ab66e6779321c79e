"""The bus: one short stream beside the logs of a shard, which workers read and deliver from.

Its entries are `<n>-0` for n 1, 2, 3 without holes, so that a reader sees when the bus no longer reaches back.
"""

from typing import Any, NamedTuple

import msgspec

from chat.config import Config
from chat.domain import keys
from chat.domain.limits.budget import size_of
from chat.domain.shards import Shards
from chat.store.connection import Store
from chat.store.pipe import Command

# Seconds for which a read waits for something to come.
BLOCK = 1.0
# Entries that are read at once at most, and about their bytes, where those before were long.
BATCH = 500
BATCH_BYTES = 2 * 1024 * 1024


class Item(NamedTuple):
    """What stands on the bus: an entry of a room's log, or, with `seq` 0, what no log keeps.

    The latter concerns one room or, with `room` empty, all workers.
    """

    n: int
    room: str
    epoch: str
    seq: int
    type: str
    entry: str


class Bus:
    """Signalling on the buses. Room entries get there through `Log.append`."""

    def __init__(self, store: Store, config: Config, shards: Shards) -> None:
        self._store = store
        self._shards = shards
        self._length = config.bus_length

    def signal(self, type: str, payload: dict[str, Any]) -> None:
        """Tell every worker something that concerns no room."""
        self._store.ask(*self.signalling(type, payload))

    def signalling(self, type: str, payload: dict[str, Any]) -> list[Command]:
        """The command that does so."""
        args: list[str | int] = [type, msgspec.json.encode(payload).decode(), self._length]
        return [self._store.script("bus/signal", keys.bus(0), args)]

    def reader(self, shard: int = 0) -> "Reader":
        """A reader of a shard's bus that begins with what comes from now on.

        Raises:
            ConfigError: the store has another number of shards.
        """
        self._shards.check(self._store)
        return Reader(self._store, shard, *keys.bus(shard))


class Batch(NamedTuple):
    """What a reader was brought, in order.

    `missed` says that something may have come before it: the bus was trimmed beyond the reader's place, or, where the
    connection is a new one, may be another bus. `lost` says that the store lost what it had, or some of it.
    """

    items: list[Item]
    missed: bool = False
    lost: bool = False


class Reader:
    """One worker's place on the bus of a shard."""

    def __init__(self, store: Store, shard: int, entries: str, state: str) -> None:
        self.shard = shard
        self._entries_key, self._state_key = entries, state
        self._store = store
        self._blocking = store.blocking(BLOCK, self._connected)
        self._blocking.ask("PING")
        self._reconnected = False
        self._ahead = self._gave_up = 0
        self._count = BATCH
        self.n, _ = self._state()

    def read(self) -> Batch:
        """Wait up to `BLOCK` seconds for what comes next.

        Raises:
            Unavailable: each time that the connection breaks, is not answered, or leads to a Redis that refuses.
        """
        place = (self._entries_key, f"{self.n}-0")
        answer = self._blocking.ask("XREAD", "COUNT", self._count, "BLOCK", int(BLOCK * 1000), "STREAMS", *place)
        missed, self._reconnected = self._reconnected, False
        lost = False
        if not answer:
            # A head that lies behind is another bus. One that lies ahead came just now, and the next read brings it:
            # or else this connection leads to another Redis, or what was said is not there any more.
            head, _ = self._state()
            lost = head < self.n
            if self._gave_up > self.n:
                missed, self.n = True, self._gave_up
            elif self._ahead > self.n:
                self._blocking.give_up()
                self._gave_up = self._ahead
            self._ahead = head
            self.n = min(self.n, head)
            return Batch([], missed or lost, lost)
        self._ahead = self._gave_up = 0
        items = [
            Item(int(id.partition("-")[0]), row["room"], row["epoch"], int(row["seq"]), row["type"], row["entry"])
            for id, row in answer[0][1]
        ]
        size = sum(size_of(item.entry) for item in items)
        self._count = max(1, min(BATCH, BATCH_BYTES * len(items) // max(1, size)))
        if items[0].n != self.n + 1:
            _, start = self._state()
            lost = start > self.n > 0
            missed = missed or lost or items[0].n != start
        self.n = items[-1].n
        return Batch(items, missed, lost)

    def _connected(self) -> None:
        self._reconnected = True

    def _state(self) -> tuple[int, int]:
        """The numbers of the last item and of the first that this bus ever had."""
        ((head, start),) = self._store.ask(("HMGET", self._state_key, "head", "start"))
        return int(head or 0), int(start or 0)
