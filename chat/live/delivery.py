"""Delivery: what the bus brings, to this worker's own connections, in the order of the logs.

Each room that somebody here has joined has a place in its log up to which it was delivered. What the bus brings beyond
the next `seq` is filled from the log first; what lies behind was delivered already. So whatever interrupts the reading,
it goes on without a hole and without a repeat.
"""

import logging
import threading

import msgspec
from flask_socketio import SocketIO

from chat.domain import Chat
from chat.domain.bus import Item, Reader
from chat.domain.log import MOST, Position, seq_of
from chat.errors import ChatError
from chat.live.connections import Connections
from chat.live.engine import Engine
from chat.store.connection import Unreachable

RETRY = 0.2
"""Seconds between two tries to reach Redis."""

log = logging.getLogger(__name__)


def channel(room: str) -> str:
    """The Socket.IO room of a chat room's connections."""
    return f"room:{room}"


class Delivery:
    """One worker's reader of the bus."""

    def __init__(self, socketio: SocketIO, chat: Chat, connections: Connections, engine: Engine) -> None:
        self._socketio = socketio
        self._chat = chat
        self._connections = connections
        self._engine = engine
        self._delivered: dict[str, Position] = {}
        # Under threads, following a room and reading the bus run at the same time.
        self._lock = threading.RLock()

    def start(self) -> None:
        """Take a place on the bus, and begin to deliver from there."""
        self._socketio.start_background_task(self._run, self._chat.bus.reader())

    def follow(self, room: str) -> None:
        """Deliver what comes in `room` from now on. To be called before the room's log is read for a new subscriber."""
        with self._lock:
            if room not in self._delivered and (position := self._chat.log.position(room)):
                self._delivered[room] = position

    def _run(self, reader: Reader) -> None:
        away = False
        while True:
            try:
                items, missed = reader.read()
                with self._lock:
                    if missed or away:
                        self._compare()
                    for item in items:
                        self._deliver(item)
                if away:
                    log.warning("Redis answers again; delivery goes on")
                away = False
            except Unreachable as error:
                if not away:
                    log.warning("Redis does not answer, delivery waits: %s", error)
                away = True
                self._socketio.sleep(RETRY)
            except Exception:
                log.exception("delivery failed, and goes on from the logs")
                away = True
                self._socketio.sleep(RETRY)

    def _deliver(self, item: Item) -> None:
        if not item.room:
            self._signal(item)
            return
        last = self._delivered.get(item.room)
        if last is None:
            return
        if item.epoch != last.epoch:
            self._resync(item.room)
        elif item.seq > last.seq + 1:
            self._fill(item.room)
        elif item.seq == last.seq + 1:
            self._emit(item.room, item.type, item.entry)
            self._delivered[item.room] = Position(item.epoch, item.seq)

    def _signal(self, item: Item) -> None:
        if item.type == "signedOut":
            self._sign_out(msgspec.json.decode(item.entry)["user"])
        else:
            self._socketio.emit(item.type, msgspec.Raw(item.entry.encode()), ignore_queue=True)

    def _sign_out(self, person_id: str) -> None:
        for connection in self._connections.of(person_id):
            connection.signed_out = True
            self._socketio.emit("signedOut", {}, to=connection.sid, ignore_queue=True)
            self._engine.close(connection.sid)

    def _compare(self) -> None:
        """Bring every room that is followed up to its log, after something may have been missed."""
        followed = set(self._connections.rooms())
        for room, last in list(self._delivered.items()):
            if room not in followed:
                # Nobody here listens any more: whoever joins next takes up the place anew.
                del self._delivered[room]
            elif (position := self._chat.log.position(room)) is None or position.epoch != last.epoch:
                self._resync(room)
            elif position.seq != last.seq:
                self._fill(room)

    def _fill(self, room: str) -> None:
        """Deliver from the log all that came after what was delivered last."""
        last = self._delivered[room]
        while True:
            page = self._chat.log.after(self._chat.rooms.find(room), last.seq, MOST)
            if page.epoch != last.epoch or (page.entries and seq_of(page.entries[0]) != last.seq + 1):
                self._resync(room)
                return
            for entry in page.entries:
                self._emit(room, msgspec.json.decode(entry, type=_Typed).type, entry)
                last = self._delivered[room] = Position(last.epoch, last.seq + 1)
            if page.complete:
                return

    def _resync(self, room: str) -> None:
        """Have the clients compare their position with a log that does not go on from where it was."""
        log.warning("the log of %s does not go on from where it was; its clients compare", room)
        try:
            position = self._chat.log.position(self._chat.rooms.find(room).name)
        except ChatError:
            position = None
        if position:
            self._delivered[room] = position
        else:
            del self._delivered[room]
        self._socketio.emit("resync", {"room": room}, to=channel(room), ignore_queue=True)

    def _emit(self, room: str, type: str, entry: str) -> None:
        # Raw: the entry goes out as it was stored, without being read and written again.
        self._socketio.emit(type, msgspec.Raw(entry.encode()), to=channel(room), ignore_queue=True)


class _Typed(msgspec.Struct):
    type: str
