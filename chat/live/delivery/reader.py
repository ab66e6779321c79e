"""Reads the buses, and delivers what they bring to this worker's own connections, in the order of the logs."""

import logging
import threading
import time

import msgspec

from chat.domain.bus import BLOCK, Batch, Reader
from chat.errors import room_not_found
from chat.live.base import Base
from chat.live.connections import Connection
from chat.live.delivery.places import Place, Places
from chat.live.delivery.signals import Signals
from chat.live.guards import Guards
from chat.store.connection import ANSWER_WITHIN
from chat.store.errors import Unavailable

# Seconds between two tries to reach Redis.
RETRY = 0.2
# Seconds without an answer after which a reader of a bus counts as stalled.
STALLED = 3 * (BLOCK + ANSWER_WITHIN)
# Seconds between two looks whether a bus is still to be read.
UNUSED = 60.0

log = logging.getLogger(__name__)


class Delivery:
    """One worker's readers of the buses: of the first, and of those whose rooms somebody here has joined."""

    def __init__(self, worker: Base, guards: Guards) -> None:
        self._worker = worker
        self._chat = worker.chat
        self._connections = worker.connections
        self._places = Places(worker)
        self._signals = Signals(worker, guards, self._places)
        self._answered: dict[int, float] = {}
        self._looked: dict[int, float] = {}
        self._away: set[int] = set()
        # The number of the newest item of each bus that was taken.
        self._taken: dict[int, int] = {}
        # Under threads, following a room and reading the bus run at the same time.
        self._lock = threading.RLock()

    def start(self) -> None:
        """Take a place on the bus, and begin to deliver from there."""
        self._read(0)

    @property
    def stalled(self) -> bool:
        """Whether something cannot be delivered just now: a bus was not read for `STALLED` seconds."""
        return any(time.monotonic() - answered > STALLED for answered in list(self._answered.values()))

    def subscribe(self, connection: Connection, room: str, n: int) -> Place | None:
        """Deliver what comes in `room` to a connection, from the place on that is returned.

        Args:
            n: the number of the item on the room's bus after which its person came in.

        Returns:
            None where there is no such room any more.

        Raises:
            ChatError: `room_not_found`, if its person left meanwhile.
        """
        with self._lock:
            self._read(self._chat.shards.of(room))
            if room not in self._places:
                self._places.take(room)
            self._connections.enter(connection, room, n)
        # Meanwhile the bus may have told that they left by another connection.
        if self._taken[self._chat.shards.of(room)] > n and self._signals.strangers(room, [connection]):
            self._connections.leave(connection, room)
            raise room_not_found(room)
        return self._places.get(room)

    def _read(self, shard: int) -> None:
        """Read the bus of a shard from now on, unless it is read already."""
        if shard not in self._answered:
            reader = self._chat.bus.reader(shard)
            self._taken[shard] = reader.n
            self._answered[shard] = time.monotonic()
            self._worker.repeat("delivery", lambda: self._turn(reader))

    def _turn(self, reader: Reader) -> bool:
        """Deliver what comes next on a bus. Returns whether it is to be read no more."""
        if self._ends(reader.shard):
            return True
        away = reader.shard in self._away
        # Until the end of this turn: whatever interrupts it, the next one compares with the logs.
        self._away.add(reader.shard)
        try:
            batch = reader.read()
            self._answered[reader.shard] = time.monotonic()
            with self._lock:
                self._take(batch, reader.shard, away=away)
            self._worker.sockets.flush()
        except Unavailable:
            # The store tells the log.
            self._worker.socketio.sleep(RETRY)
            return False
        self._away.remove(reader.shard)
        return False

    def _ends(self, shard: int) -> bool:
        """Whether to read the bus of a shard no more: nobody here has been in one of its rooms for a while."""
        now = time.monotonic()
        if shard == 0 or now - self._looked.setdefault(shard, now) < UNUSED:
            return False
        with self._lock:
            self._looked[shard] = now
            if self._followed(shard):
                return False
            for room in self._places.of(shard):
                self._places.drop(room)
            del self._answered[shard], self._looked[shard]
            self._away.discard(shard)
            self._taken.pop(shard, None)
            return True

    def _followed(self, shard: int) -> list[str]:
        """The rooms of a shard that somebody here has joined."""
        return [room for room in self._connections.rooms() if self._chat.shards.of(room) == shard]

    def _take(self, batch: Batch, shard: int, *, away: bool) -> None:
        if batch.missed or away:
            self._check_people(restore=batch.lost)
            for room in self._followed(shard):
                self._signals.end_strangers(room)
            self._compare(shard)
        if batch.missed:
            self._show_people(shard)
        if batch.items:
            self._taken[shard] = batch.items[-1].n
        for item in batch.items:
            if item.seq:
                self._places.deliver(item)
            else:
                self._signals.take(item)

    def _check_people(self, *, restore: bool) -> None:
        """Sign out everyone whose name is gone, unless the store lost it and it can be given back (`restore`)."""
        known = {each.person.id: (each.person, each.proof) for each in self._connections if each.person}
        for person_id in self._chat.people.missing(known):
            if not (restore and self._chat.people.restore(*known[person_id])):
                self._signals.sign_out(person_id)

    def _show_people(self, shard: int) -> None:
        """Tell again who is here, as a change may have been missed."""
        for room in self._followed(shard):
            here = self._chat.presence.here(room)
            payload = {"room": room, "joined": [], "left": [], **here.as_dict()}
            self._worker.sockets.emit(room, "presence", msgspec.json.encode(payload).decode())

    def _compare(self, shard: int) -> None:
        """Bring every room of a shard that is followed up to its log, after something may have been missed."""
        followed = set(self._followed(shard))
        for room in self._places.of(shard):
            if room in followed:
                self._places.compare(room)
            else:
                # Nobody here listens any more: the next to join takes up the place anew.
                self._places.drop(room)
