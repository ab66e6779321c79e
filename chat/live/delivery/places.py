"""Up to where each room was delivered to this worker's connections, and how it gets there.

What lies beyond the next `seq` is filled from the log first; what lies behind was delivered already. So whatever
interrupts the reading, it goes on without a hole and without a repeat.

After each interruption the places are compared with the logs. A log that no longer holds what was delivered from it, as
that of a replica that took over and lagged, becomes another log, with an epoch of its own: no client takes the one for
the other.
"""

import logging
from typing import NamedTuple

import msgspec

from chat.domain.bus import Item
from chat.domain.messages.log import MOST, after, seq_of
from chat.errors import ChatError
from chat.live.base import Base

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Up to where a room was delivered; `mark` tells that entry from another with the same `seq`."""

    epoch: str
    seq: int
    mark: int


class Places:
    """The places of one worker, by the names of rooms."""

    def __init__(self, worker: Base) -> None:
        self._worker = worker
        self._chat = worker.chat
        self._places: dict[str, Place] = {}

    def __contains__(self, room: str) -> bool:
        return room in self._places

    def get(self, room: str) -> Place | None:
        """The place of a room, if it has one."""
        return self._places.get(room)

    def of(self, shard: int) -> list[str]:
        """The rooms of a shard that have a place."""
        return [room for room in self._places if self._chat.shards.of(room) == shard]

    def take(self, room: str) -> None:
        """Begin at the end of a room's log, if there is such a room."""
        if position := self._chat.log.position(room):
            mark = hash(self._chat.log.entry(room, position.seq))
            self._places[room] = Place(position.epoch, position.seq, mark)

    def drop(self, room: str) -> None:
        """Deliver nothing more of a room."""
        self._places.pop(room, None)

    def deliver(self, item: Item) -> None:
        """Deliver an entry that the bus brought, with what is missing before it."""
        last = self._places.get(item.room)
        if last is None:
            return
        if item.epoch != last.epoch:
            self.compare(item.room)
        elif item.seq > last.seq + 1:
            self._fill(item.room)
        elif item.seq == last.seq + 1:
            self._emit(item.room, item.type, item.seq, item.entry)

    def compare(self, room: str) -> None:
        """Bring a room up to its log, after something may have been missed."""
        last = self._places[room]
        position = self._chat.log.position(room)
        if position is None or position.epoch != last.epoch:
            self.resync(room)
        elif position.seq < last.seq or self._differs(room, last):
            self._chat.log.fork(room, last.epoch)
            self.resync(room)
        elif position.seq > last.seq:
            self._fill(room)

    def resync(self, room: str) -> None:
        """Have the clients compare their position with a log that does not go on from where it was."""
        log.warning("the log of %s does not go on from where it was; its clients compare", room)
        self.drop(room)
        try:
            self.take(self._chat.rooms.find(room).id)
        except ChatError:
            log.warning("there is no room called %s any more", room)
        self._worker.sockets.emit(room, "resync", msgspec.json.encode({"room": room}).decode())

    def _differs(self, room: str, last: Place) -> bool:
        entry = self._chat.log.entry(room, last.seq)
        return entry is not None and last.mark != hash(entry)

    def _fill(self, room: str) -> None:
        """Deliver from the log all that came after what was delivered last."""
        complete = False
        while not complete:
            last = self._places[room]
            page = self._chat.log.read(room, after(last.seq, MOST))
            if page.epoch != last.epoch or (page.entries and seq_of(page.entries[0]) != last.seq + 1):
                self.resync(room)
                return
            for seq, entry in enumerate(page.entries, last.seq + 1):
                self._emit(room, msgspec.json.decode(entry, type=_Typed).type, seq, entry)
            self._worker.sockets.flush()
            complete = page.complete

    def _emit(self, room: str, type: str, seq: int, entry: str) -> None:
        # The entry goes out as it was stored, without being read and written again.
        self._worker.sockets.emit(room, type, entry)
        self._places[room] = Place(self._places[room].epoch, seq, hash(entry))


class _Typed(msgspec.Struct):
    type: str
