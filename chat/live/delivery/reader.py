"""Delivery: what the bus brings, to this worker's own connections, in the order of the logs.

Each room that somebody here has joined has a place in its log up to which it was delivered; see `places`.
"""

import logging
import threading
import time
from collections.abc import Callable

import msgspec
from flask_socketio import SocketIO

from chat.domain import Chat
from chat.domain.bus import BLOCK, Batch, Item, Reader
from chat.errors import room_not_found
from chat.live.connections import Connection, Connections
from chat.live.delivery.places import Place, Places
from chat.live.guards import Guards
from chat.store.connection import ANSWER_WITHIN
from chat.store.errors import Unavailable
from chat.tasks import forever

RETRY = 0.2
"""Seconds between two tries to reach Redis."""
STALLED = 3 * (BLOCK + ANSWER_WITHIN)
"""Seconds without an answer after which a reader of a bus counts as stalled."""
UNUSED = 60.0
"""Seconds between two looks whether a bus is still to be read."""

log = logging.getLogger(__name__)

EVERYONE = "everyone"
"""The Socket.IO room of all connections that said who they are."""


def channel(room: str) -> str:
    """The Socket.IO room of a chat room's connections."""
    return f"room:{room}"


class Delivery:
    """One worker's readers of the buses: of the first, and of those whose rooms somebody here has joined."""

    def __init__(
        self,
        socketio: SocketIO,
        chat: Chat,
        connections: Connections,
        engine: Guards,
        restart: Callable[[], None],
    ) -> None:
        self._socketio = socketio
        self._restart = restart
        self._chat = chat
        self._connections = connections
        self._engine = engine
        self._places = Places(chat, engine, channel)
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
            ChatError: `room_not_found` for who left meanwhile.
        """
        with self._lock:
            self._read(self._chat.shards.of(room))
            if room not in self._places:
                self._places.take(room)
            self._socketio.server.enter_room(connection.sid, channel(room))
            self._connections.enter(connection, room, n)
        # What the bus brought since then may have been that they left, elsewhere.
        if self._taken[self._chat.shards.of(room)] > n and self._strangers(room, [connection]):
            self.unsubscribe(connection, room)
            raise room_not_found(room)
        return self._places.get(room)

    def unsubscribe(self, connection: Connection, room: str) -> None:
        """Deliver nothing more of `room` to a connection."""
        self._socketio.server.leave_room(connection.sid, channel(room))
        self._connections.leave(connection, room)

    def _read(self, shard: int) -> None:
        """Read the bus of a shard from now on, unless it is read already."""
        if shard not in self._answered:
            reader = self._chat.bus.reader(shard)
            self._taken[shard] = reader.n
            self._answered[shard] = time.monotonic()
            self._socketio.start_background_task(
                forever, "delivery", lambda: self._turn(reader), sleep=self._socketio.sleep, end=self._restart
            )

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
            self._engine.flush()
        except Unavailable:
            # The store tells the log.
            self._socketio.sleep(RETRY)
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
                self._end(room, self._strangers(room, self._connections.in_room(room)))
            self._compare(shard)
        if batch.missed:
            self._show_people(shard)
        if batch.items:
            self._taken[shard] = batch.items[-1].n
        for item in batch.items:
            if item.seq:
                self._places.deliver(item)
            else:
                self._signal(item)

    def _signal(self, item: Item) -> None:
        if item.type == "signedOut":
            told = msgspec.json.decode(item.entry)
            # An older worker says nothing of why.
            self._sign_out(told["user"], told.get("message", ""))
        elif item.type == "restart":
            if msgspec.json.decode(item.entry)["sid"] in self._connections:
                log.warning("restarting, as a drill asks for")
                self._restart()
        elif item.type == "left":
            leavers = self._connections.of(msgspec.json.decode(item.entry)["user"])
            # Who came in after that is a member again.
            self._end(item.room, [each for each in leavers if each.rooms.get(item.room, item.n) < item.n])
        elif item.type == "roomRemoved":
            self._remove(item.room, listed=msgspec.json.decode(item.entry)["listed"])
        elif item.type == "resync":
            if item.room in self._places:
                self._places.resync(item.room)
        elif item.room:
            self._engine.fan_out(channel(item.room), item.type, item.entry)
        else:
            self._engine.fan_out(EVERYONE, item.type, item.entry)

    def _sign_out(self, person_id: str, message: str = "") -> None:
        connections = self._connections.of(person_id)
        for connection in connections:
            connection.signed_out = True
            self._socketio.emit("signedOut", {"message": message}, to=connection.sid, ignore_queue=True)
            self._engine.close(connection.sid)
        if connections and connections[0].person:
            # Until now they may have come in again.
            self._chat.memberships.end_all(connections[0].person)

    def _end(self, room: str, connections: list[Connection]) -> None:
        """End what connections hear of a room: they get all that was said before, and nothing after."""
        if connections:
            self._engine.flush()
        for connection in connections:
            self.unsubscribe(connection, room)
            self._socketio.emit("left", {"room": room}, to=connection.sid, ignore_queue=True)

    def _strangers(self, room: str, connections: list[Connection]) -> list[Connection]:
        """Those of the connections whose people are no members of the room."""
        people = {each.person.id for each in connections if each.person}
        gone = set(self._chat.access.strangers(room, people))
        return [each for each in connections if each.person and each.person.id in gone]

    def _remove(self, room: str, *, listed: bool) -> None:
        """Tell that a room is gone: everyone, or those who were in it, if it was in no list."""
        self._engine.flush()
        members = self._connections.in_room(room)
        for connection in members:
            self.unsubscribe(connection, room)
        self._places.drop(room)
        for to in [EVERYONE] if listed else [each.sid for each in members]:
            self._socketio.emit("roomRemoved", {"room": room}, to=to, ignore_queue=True)

    def _check_people(self, *, restore: bool) -> None:
        """Sign out who gave the name back meanwhile; where the store lost it, `restore` it."""
        known = {each.person.id: (each.person, each.proof) for each in self._connections if each.person}
        for person_id in self._chat.people.missing(known):
            if not (restore and self._chat.people.restore(*known[person_id])):
                self._sign_out(person_id)

    def _show_people(self, shard: int) -> None:
        """Tell anew who is here, where it may have changed unheard."""
        for room in self._followed(shard):
            here = self._chat.presence.here(room)
            payload = {"room": room, "joined": [], "left": [], **here.as_dict()}
            self._engine.fan_out(channel(room), "presence", msgspec.json.encode(payload).decode())

    def _compare(self, shard: int) -> None:
        """Bring every room of a shard that is followed up to its log, after something may have been missed."""
        followed = set(self._followed(shard))
        for room in self._places.of(shard):
            if room in followed:
                self._places.compare(room)
            else:
                # Nobody here listens any more: whoever joins next takes up the place anew.
                self._places.drop(room)
