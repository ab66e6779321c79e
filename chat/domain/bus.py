"""The bus: one short stream beside the logs, which every worker reads and delivers from.

Its entries are `<n>-0` for n 1, 2, 3 without holes, so that a reader sees when the bus no longer reaches back.
"""

from typing import Any, NamedTuple

import msgspec

from chat.config import Config
from chat.store.connection import Store

ENTRIES = "chat:{0}:bus"
HEAD = "chat:{0}:bus:head"
BLOCK = 1.0
"""Seconds for which a read waits for something to come."""
BATCH = 500


class Item(NamedTuple):
    """What stands on the bus: an entry of a room's log, or, with `room` empty, a signal that concerns no log."""

    n: int
    room: str
    epoch: str
    seq: int
    type: str
    entry: str


class Bus:
    """Signalling on the bus. Room entries get there through `Log.append`."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._length = config.bus_length

    def signal(self, type: str, payload: dict[str, Any]) -> None:
        """Tell every worker something that no room's log keeps."""
        self._store.run("signal", [ENTRIES, HEAD], [type, msgspec.json.encode(payload).decode(), self._length])

    def reader(self) -> "Reader":
        """A reader that begins with what comes from now on."""
        return Reader(self._store)


class Reader:
    """One worker's place on the bus."""

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._blocking = store.blocking(BLOCK)
        self.n = self._head()

    def read(self) -> tuple[list[Item], bool]:
        """Wait up to `BLOCK` seconds for what comes next.

        Returns:
            The items, in order, and whether something may have been missed before them: the bus was trimmed beyond this
            reader's place, or was lost and began anew. Whoever reads then has to compare with the logs.
        """
        answer = self._blocking.xread({ENTRIES: f"{self.n}-0"}, count=BATCH, block=int(BLOCK * 1000))
        if not answer:
            head = self._head()
            # Something may have come just now; a head that lies behind is another bus.
            missed = head < self.n
            self.n = min(self.n, head)
            return [], missed
        items = [
            Item(int(id.partition("-")[0]), row["room"], row["epoch"], int(row["seq"]), row["type"], row["entry"])
            for id, row in answer[0][1]
        ]
        missed = items[0].n != self.n + 1
        self.n = items[-1].n
        return items, missed

    def _head(self) -> int:
        return int(self._redis.get(HEAD) or 0)
