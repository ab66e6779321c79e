"""How much the chat keeps, in bytes: with more, the oldest entries of the largest rooms go.

Entries are counted where they are written (`CHAT_LOG_LENGTH`, `CHAT_BUS_LENGTH`), and weighed here, now and then, by
one worker at a time: posting costs no more for it. What is done here Redis allows also when it is full.
"""

import logging
import math
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chat.config import Config
from chat.domain import keys
from chat.domain.rooms.rooms import Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store
from chat.store.errors import Unavailable
from chat.store.memory import Memory, memory, sizes

# Seconds for which a worker looks after it, unless it looks again.
LEASE = 30.0
# Seconds between two looks: when there will soon be too much, and at most.
OFTEN, SELDOM = 1.0, 10.0
DEFAULT = 2 * 1024**3
# Shares of the memory that Redis may use: what the chat keeps unless it is told, and at most. Beside it stand people,
# presence, what waits for replicas and slow readers, and what a rewrite of the file on disk takes.
SHARE, LARGEST_SHARE = 0.6, 0.8
# What is left of the bound after trimming.
FREE = 0.9
# All buses may have one of so many parts of the bound, and each bus at most and at least so many bytes.
BUS_SHARE, BUS_MOST, BUS_LEAST = 8, 64 * 1024**2, 1024**2
# Entries that go in one command: about a millisecond.
STEP = 1_000
# How often what is left is weighed in one look, as old entries may be shorter than new ones.
ROUNDS = 5
# About how many bytes an entry takes beside its JSON.
ROW = 200
# How many of the rooms that were trimmed the log names.
TOLD = 10

log = logging.getLogger(__name__)


@dataclass
class Stream:
    """A stream of entries, with the sorted set of ids that goes with it, if one does; `size` in bytes."""

    name: str
    key: str
    ids: str = ""
    size: float = 0


class Retention:
    """Keeps the logs of all rooms and the buses within a bound."""

    def __init__(self, store: Store, config: Config, shards: Shards, rooms: Rooms) -> None:
        self._store = store
        self._shards = shards
        self._rooms = rooms
        self._asked_for = config.store_bytes
        self._own = secrets.token_hex(8)
        self._used: tuple[float, float] | None = None
        self._said: set[str] = set()

    def look(self) -> float:
        """See how much is kept, and trim it if that is too much. Returns the seconds until the next look.

        Raises:
            Unavailable: Redis does not answer.
        """
        if not self._takes_turn():
            return SELDOM
        found = memory(self._store)
        bound = self._bound(found)
        buses = self._buses()
        self._weigh(buses)
        bus_bound = max(BUS_LEAST, min(BUS_MOST, bound // BUS_SHARE // len(buses)))
        for bus in buses:
            if bus.size > bus_bound:
                self._trim(bus, FREE * bus_bound)
                self._weigh([bus])
        # No sum of keys is more than Redis uses, which costs nothing to ask for.
        if found and found.used < bound:
            return self._until(found.used, bound)
        return self._keep(bound, sum(bus.size for bus in buses))

    def _takes_turn(self) -> bool:
        """Whether it is this worker's turn."""
        try:
            self._store.ask(("SET", keys.RETENTION, self._own, "NX", "PX", int(LEASE * 1000)))
        except Unavailable as error:
            # Full: nothing more important could be done.
            if error.code != "OOM":
                raise
        (holder,) = self._store.ask(("GET", keys.RETENTION))
        if holder == self._own:
            self._store.ask(("PEXPIRE", keys.RETENTION, int(LEASE * 1000)))
        return holder in (None, self._own)

    def _bound(self, found: Memory | None) -> int:
        most = found.most if found else 0
        if not self._asked_for:
            return int(SHARE * most) if most else DEFAULT
        if most and self._asked_for > LARGEST_SHARE * most:
            self._say_once(
                f"CHAT_STORE_BYTES is {self._asked_for:,}, but Redis may use {most:,}: the chat keeps "
                f"{LARGEST_SHARE:.0%} of that at most"
            )
            return int(LARGEST_SHARE * most)
        return self._asked_for

    def _until(self, used: int, bound: int) -> float:
        """The seconds until half of what is left is used, at the pace since the last look."""
        now = time.monotonic()
        before, self._used = self._used, (now, used)
        if before is None or used <= before[1]:
            return OFTEN if before is None else SELDOM
        pace = (used - before[1]) / max(now - before[0], OFTEN)
        return min(SELDOM, max(OFTEN, (bound - used) / pace / 2))

    def _keep(self, bound: int, buses: float) -> float:
        """Trim the largest logs until all is within the bound; returns the seconds until the next look."""
        logs = [
            Stream(room.id, self._shards.key(room.id, "log"), self._shards.key(room.id, "sent"))
            for room in self._rooms.all()
        ]
        self._weigh(logs)
        if buses + sum(each.size for each in logs) < bound:
            # Somebody else uses that Redis.
            return SELDOM
        gone: Counter[str] = Counter()
        for _ in range(ROUNDS):
            most = level([each.size for each in logs], FREE * bound - buses)
            larger = [each for each in logs if each.size > most]
            if not larger:
                break
            for each in larger:
                gone[each.name] += self._trim(each, most)
            self._weigh(larger)
        self._tell(gone, bound)
        return OFTEN

    def _buses(self) -> list[Stream]:
        return [Stream(f"bus {shard}", keys.bus(shard)[0]) for shard in range(self._shards.count)]

    def _weigh(self, streams: list[Stream]) -> None:
        """Set the sizes of streams."""
        found = sizes(self._store, [each.key for each in streams])
        ids = sizes(self._store, [each.ids for each in streams if each.ids])
        if found is None or ids is None:
            self._say_once("Redis does not tell how large a key is (MEMORY USAGE): what the chat keeps is estimated")
            for each in streams:
                each.size = self._estimate(each)
            return
        beside = iter(ids)
        for each, size in zip(streams, found, strict=True):
            each.size = size + (next(beside) if each.ids else 0)

    def _estimate(self, stream: Stream) -> float:
        """About the bytes of a stream, from its oldest and newest entries."""
        ends = [("XRANGE", stream.key, "-", "+", "COUNT", 5), ("XREVRANGE", stream.key, "+", "-", "COUNT", 5)]
        oldest, newest = self._store.ask(*ends)
        if not oldest:
            return 0
        found = [sum(map(len, row.values())) + ROW for _, row in oldest + newest]
        return (number_of(newest[0][0]) - number_of(oldest[0][0]) + 1) * sum(found) / len(found)

    def _trim(self, stream: Stream, most: float) -> int:
        """Take the oldest entries of a stream away, so many that about `most` bytes stay; returns how many went.

        The newest always stays.
        """
        ends = [("XRANGE", stream.key, "-", "+", "COUNT", 1), ("XREVRANGE", stream.key, "+", "-", "COUNT", 1)]
        found = [number_of(rows[0][0]) for rows in self._store.ask(*ends) if rows]
        if not found:
            return 0
        first, last = found
        cut = min(last, first + math.ceil((last - first + 1) * (1 - most / stream.size)))
        gone = 0
        for number in [*range(first + STEP, cut, STEP), cut]:
            forget = [("ZREMRANGEBYSCORE", stream.ids, "-inf", number - 1)] if stream.ids else []
            went, *_ = self._store.ask(("XTRIM", stream.key, "MINID", "~", f"{number}-0"), *forget)
            gone += int(went)
        return gone

    def _tell(self, gone: Counter[str], bound: int) -> None:
        # Without those of which the newest entry alone is left.
        gone = +gone
        named = gone.most_common(TOLD)
        for room, count in named:
            log.warning("%s: its %s oldest entries went, as the chat keeps %s bytes", room, f"{count:,}", f"{bound:,}")
        rest = gone.total() - sum(count for _, count in named)
        if rest:
            others = len(gone) - TOLD
            log.warning("%s other rooms: %s of their oldest entries went", others, f"{rest:,}")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            log.warning("%s", text)


def level(sizes: Iterable[float], most: float) -> float:
    """The size that the largest have to shrink to, so that all together are no more than `most`."""
    ordered = sorted(sizes)
    for number, size in enumerate(ordered):
        share = most / (len(ordered) - number)
        if size >= share:
            return share
        most -= size
    return math.inf


def number_of(id: str) -> int:
    """The number of a stream's entry, whose id is `<n>-0`."""
    return int(id.partition("-")[0])
