"""The room log: one Redis Stream a room, whose entries are `<seq>-0` for seq 1, 2, 3 without holes."""

import re
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from chat.config import Config
from chat.domain import bus, rooms
from chat.domain.limits import Limits, too_fast
from chat.domain.people import Person
from chat.domain.rooms import Room
from chat.store.connection import Store

MOST = 200
"""Entries in one page at most."""


class Position(NamedTuple):
    """A place in a log. `seq` is the newest entry at or before it; another epoch means another log."""

    epoch: str
    seq: int


@dataclass(frozen=True)
class Posted:
    """Where an entry stands, whether it was appended now or before."""

    epoch: str
    seq: int
    at: int


@dataclass(frozen=True)
class Page:
    """Entries of a log, oldest first, each as the JSON that the wire carries.

    `complete` says that there is nothing more in the direction asked for; `reset` that the log does not go on from the
    position asked for, and these are the newest entries instead.
    """

    epoch: str
    head: int
    entries: list[str]
    complete: bool
    reset: bool = False


class Log:
    """Appending to and reading from the logs of all rooms."""

    def __init__(self, store: Store, config: Config, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._lengths = (config.log_length, config.bus_length)
        self._replicas = config.wait_replicas

    def append(self, room: str, person: Person, id: str, type: str, fields: dict[str, Any]) -> Posted:
        """Append an entry to the room's log and the bus, as one step, once for each `(person, id)`.

        Args:
            fields: the entry's own, beside `type`, `room`, `epoch`, `seq` and `at`.

        Raises:
            ChatError: `room_not_found` for who is no member, `too_fast`.
            TooFewReplicasError: it stands here, but not on as many replicas as asked for. To be repeated.
        """
        keys = [
            rooms.key(room),
            *(rooms.key(room, part) for part in ("members", "log", "sent")),
            bus.ENTRIES,
            bus.STATE,
            f"chat:{{0}}:pace:message:{person.id}",
        ]
        own = msgspec.json.encode(fields).decode().removeprefix("{")
        room_json = msgspec.json.encode(room).decode()
        pace = self._limits.pace("message")
        outcome, *rest = self._store.run(
            "append",
            keys,
            [room, room_json, person.id, id, type, own, *self._lengths, *pace],
            replicas=self._replicas,
        )
        if outcome == "absent":
            raise rooms.not_found(room)
        if outcome == "wait":
            raise too_fast(rest[0])
        epoch, seq, last = rest
        at = int(last) if outcome == "new" else _at(last)
        return Posted(epoch, int(seq), at)

    def position(self, room: str) -> Position | None:
        """Where the room's log ends now; None for a room that is not there."""
        epoch, head = self._store.redis.hmget(rooms.key(room), "epoch", "head")
        return Position(str(epoch), int(head or 0)) if epoch else None

    def entry(self, room: str, seq: int) -> str | None:
        """One entry; None if it was trimmed, or never was."""
        rows = self._store.redis.xrange(rooms.key(room, "log"), f"{seq}-0", f"{seq}-0")
        return str(rows[0][1]["e"]) if rows else None

    def fork(self, room: str, epoch: str) -> None:
        """Give the log another epoch, if it still has this one: it goes on differently from what was delivered."""
        self._store.run("fork", [rooms.key(room)], [epoch, secrets.token_hex(8)])

    def latest(self, room: Room, limit: int) -> Page:
        """The newest `limit` entries."""
        return self._page(room, "+", "-", limit, newest_first=True)

    def before(self, room: Room, seq: int, limit: int) -> Page:
        """The `limit` entries before `seq`."""
        if seq <= 1:
            return Page(room.epoch, room.head, [], complete=True)
        return self._page(room, f"{seq - 1}-0", "-", limit, newest_first=True)

    def after(self, room: Room, seq: int, limit: int) -> Page:
        """The first `limit` entries after `seq`."""
        return self._page(room, f"{seq + 1}-0", "+", limit, newest_first=False)

    def resume(self, room: Room, position: Position, limit: int) -> Page:
        """What came after `position`, or, where the log does not reach back to it, the newest page as a reset."""
        if position.epoch == room.epoch and position.seq <= room.head:
            page = self.after(room, position.seq, limit)
            goes_on = position.seq == room.head or (page.entries and seq_of(page.entries[0]) == position.seq + 1)
            # The log may have become another one just now.
            if page.epoch == position.epoch and goes_on:
                return page
        newest = self.latest(room, limit)
        return Page(newest.epoch, newest.head, newest.entries, complete=True, reset=True)

    def _page(self, room: Room, start: str, end: str, limit: int, *, newest_first: bool) -> Page:
        log = rooms.key(room.name, "log")
        # One more than asked for, to know whether there is more; and the head as it is in the same step.
        with self._store.redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(rooms.key(room.name), "epoch", "head")
            (pipeline.xrevrange if newest_first else pipeline.xrange)(log, start, end, count=limit + 1)
            (epoch, head), rows = pipeline.execute()
        entries = [_belonging(fields["e"], epoch or room.epoch) for _, fields in rows[:limit]]
        if newest_first:
            entries.reverse()
        return Page(epoch or room.epoch, int(head or 0), entries, complete=len(rows) <= limit)


def _belonging(entry: str, epoch: str) -> str:
    """The entry in the log of this epoch, which may have been another's when it was written."""
    # Before it stand the type and the room, in which no such text can be.
    own = f'"epoch":"{epoch}"'
    return entry if own in entry[:200] else re.sub(r'"epoch":"\w*"', own, entry, count=1)


def seq_of(entry: str) -> int:
    """The `seq` of an entry given as JSON."""
    return msgspec.json.decode(entry, type=_Entry).seq


class _Entry(msgspec.Struct):
    seq: int
    at: int


def _at(entry: str) -> int:
    return msgspec.json.decode(entry, type=_Entry).at if entry else 0
