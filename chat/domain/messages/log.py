"""The room log: one Redis Stream a room, whose entries are `<seq>-0` for seq 1, 2, 3 without holes."""

import re
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from chat.config import Config
from chat.domain.keys import message_pace
from chat.domain.limits.budget import Budget, size_of
from chat.domain.limits.limits import NONE, Limits, too_fast
from chat.domain.people.people import Person
from chat.domain.rooms.rooms import Room, Rooms
from chat.domain.shards import Shards
from chat.errors import room_not_found
from chat.store.connection import Store
from chat.store.errors import Unavailable

# Entries in one page at most.
MOST = 200


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


class Part(NamedTuple):
    """Which entries of a log to read: see `latest`, `before`, `after` and `resume`.

    They are fewer than `limit` where they are long: a page has `Config.page_bytes` of them, or one.
    """

    which: str
    limit: int
    seq: int = 0
    epoch: str = ""


def latest(limit: int) -> Part:
    """The newest `limit` entries."""
    return Part("latest", limit)


def before(seq: int, limit: int) -> Part:
    """The `limit` entries before `seq`."""
    return Part("before", limit, seq)


def after(seq: int, limit: int) -> Part:
    """The first `limit` entries after `seq`."""
    return Part("after", limit, seq)


def resume(position: Position, limit: int) -> Part:
    """What came after `position`, or, where the log does not reach back to it, the newest entries as a reset."""
    return Part("resume", limit, position.seq, position.epoch)


@dataclass(frozen=True)
class Page:
    """Entries of a room's log, oldest first, each as the JSON that the wire carries; the room is as it was just then.

    `complete` says that there is nothing more in the direction asked for; `reset` that the log does not go on from the
    position asked for, and these are the newest entries instead.
    """

    room: Room
    entries: list[str]
    complete: bool
    reset: bool = False

    @property
    def epoch(self) -> str:
        return self.room.epoch

    @property
    def head(self) -> int:
        """The `seq` of the log's newest entry."""
        return self.room.head

    @property
    def size(self) -> int:
        """Bytes of its entries."""
        return sum(map(size_of, self.entries))


class Log:
    """Appending to and reading from the logs of all rooms."""

    def __init__(
        self, store: Store, config: Config, shards: Shards, limits: Limits, budget: Budget, rooms: Rooms
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._shards = shards
        self._limits = limits
        self._budget = budget
        self._lengths = (config.log_length, config.bus_length)

    def append(
        self, room: str, person: Person, id: str, type: str, fields: dict[str, Any], network: str = ""
    ) -> Posted:
        """Append an entry to the room's log and the bus, as one step, once for each `(person, id)`.

        Args:
            fields: the entry's own, beside `type`, `room`, `epoch`, `seq` and `at`.
            network: where it comes from.

        Raises:
            ChatError: `room_not_found` for somebody who is no member, or `too_fast`.
            Unavailable: it may stand here, but not on as many replicas as asked for. To be repeated.
        """
        shards, pace = self._shards, message_pace(self._shards.of(room), person.id)
        keys = [*shards.keys(room, "", "members", "log", "sent"), *shards.bus(room), pace]
        room_json = msgspec.json.encode(room).decode()
        own = msgspec.json.encode(fields).decode().removeprefix("{")
        # A repeat is answered also to somebody who is too fast.
        refused = self._limits.spend("message", person=person.id, network=network)
        allowed = NONE if refused else self._limits.pace("message")
        outcome, *rest = self._store.commit(
            "messages/append", keys, [room, room_json, person.id, id, type, own, *self._lengths, *allowed]
        )
        if outcome == "absent":
            if self._rooms.new_epoch(room):
                raise Unavailable("Redis threw a part of a room away", room)
            raise room_not_found(room)
        if outcome == "wait":
            raise refused or too_fast(rest[0] / 1000)
        if outcome == "known" and not refused:
            self._limits.give_back("message", person=person.id, network=network)
        epoch, seq, last = rest
        at = int(last) if outcome == "new" else _at(last)
        return Posted(epoch, int(seq), at)

    def position(self, room: str) -> Position | None:
        """Where the room's log ends now; None for a room that is not there."""
        epoch, head = self._store.ask(("HMGET", self._shards.key(room), "epoch", "head"))[0]
        return Position(str(epoch), int(head or 0)) if epoch else None

    def entry(self, room: str, seq: int) -> str | None:
        """One entry; None if it was trimmed, or never was."""
        (rows,) = self._store.ask(("XRANGE", self._shards.key(room, "log"), f"{seq}-0", f"{seq}-0"))
        return str(rows[0][1]["e"]) if rows else None

    def fork(self, room: str, epoch: str) -> None:
        """Give the log another epoch, if it still has this one: it does not go on from what was delivered."""
        self._store.run("messages/fork", [self._shards.key(room)], [epoch, secrets.token_hex(8)])

    def read(self, room: str, part: Part, reader: Person | None = None) -> Page:
        """A part of the room's log.

        Args:
            reader: whose membership of the room it takes, if anybody's, and whose budget.

        Raises:
            ChatError: `room_not_found`, also where there is such a room, but not for them.
        """
        keys = self._shards.keys(room, "", "members", "log")
        args = [reader.id if reader else "", *args_of(part, self._budget.page)]
        found = self._store.run("messages/read", keys, args, self._budget.heaviest if reader else self._budget.page)
        if not found:
            raise room_not_found(room)
        page = page_of(room, found)
        if reader:
            self._budget.spend(reader, page.size)
        return page


def args_of(part: Part, most: int) -> list[str | int]:
    """A part, of at most so many bytes, as the Lua functions take it."""
    return [part.which, part.seq, part.epoch, part.limit, most]


def page_of(room: str, found: list[str]) -> Page:
    """The page that the Lua functions answered."""
    topic, epoch, head, reset, complete, *entries = found
    entries = [_belonging(entry, epoch) for entry in entries]
    return Page(Room(room, topic, epoch, int(head)), entries, bool(complete), bool(reset))


def _belonging(entry: str, epoch: str) -> str:
    """The entry with this epoch of its log, which may have been another when it was written."""
    # Before it stand the type and the room, in which no such text can be.
    own = f'"epoch":"{epoch}"'
    return entry if own in entry[:200] else re.sub(r'"epoch":"\w*"', own, entry, count=1)


def seq_of(entry: str) -> int:
    """The `seq` of an entry in JSON."""
    return msgspec.json.decode(entry, type=_Entry).seq


class _Entry(msgspec.Struct):
    seq: int
    at: int


def _at(entry: str) -> int:
    return msgspec.json.decode(entry, type=_Entry).at if entry else 0
