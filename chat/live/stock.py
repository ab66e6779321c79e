"""python-engineio's own transport, with a thread for each connection.

It serves `flask run` and `python app.py`, and connections whose TLS is gunicorn's.
"""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import socketio

from chat.live.connections import EVERYONE, address_of_room

log = logging.getLogger(__name__)


class Stock:
    """All connections of a worker, each known by its Engine.IO id: what `websocket.sockets.Sockets` is elsewhere."""

    def __init__(self, server: socketio.Server, max_backlog: int) -> None:
        self._server = server
        self._max_backlog = max_backlog
        server.eio.create_queue = bounded(type(server.eio.create_queue()), max_backlog)

    def opened(self, eio_sid: str) -> None:
        """Bound what may wait for a connection."""
        self._server.eio.sockets[eio_sid].queue.overflow = lambda: self._cut(eio_sid)

    def has_read(self, eio_sid: str) -> bool:
        """Wait until a client has read what it asked for before. One that does not is cut off."""
        opened = self._server.eio.sockets.get(eio_sid)
        if opened is None:
            return True
        if not opened.queue.cut and not opened.queue.is_low(self._server.eio.ping_timeout):
            opened.queue.cut = True
            self._cut(eio_sid)
        return not opened.queue.cut

    def identified(self, eio_sid: str) -> None:
        """A stranger's messages have the same bound as all others."""

    def silent(self, eio_sid: str) -> bool:
        """Whether the client of a connection may be gone. python-engineio does not tell."""
        return False

    def emit(self, room: str | None, event: str, payload: str) -> None:
        """Send an event, its payload JSON already, to the connections in a room, or to everyone."""
        address = EVERYONE if room is None else address_of_room(room)
        self._server.emit(event, msgspec.Raw(payload.encode()), to=address, ignore_queue=True)

    def flush(self) -> None:
        """All is written already."""

    def hang_up(self, eio_sid: str) -> None:
        """Read no more: the connection's own thread then writes what is queued, and ends as if the client had gone.

        Closing it from here instead would close the socket under that thread, which would wait for its timeout.
        """
        self._shut(eio_sid, socket.SHUT_RD)

    def refuse(self) -> None:
        """What listens takes no more connections by then."""

    def rest(self) -> bool:
        """Whether nothing has to be waited for before this worker ends."""
        return True

    def _cut(self, eio_sid: str) -> None:
        """End a connection that does not read, at once: what waits for it would only wait."""
        log.warning("closing a connection that does not read: more than %d bytes wait for it", self._max_backlog)
        self._shut(eio_sid, socket.SHUT_RDWR)

    def _shut(self, eio_sid: str, how: int) -> None:
        environ = self._server.environ.get(eio_sid)
        if environ is not None:
            with suppress(OSError):
                _socket_of(environ).shutdown(how)


def _socket_of(environ: dict[str, Any]) -> socket.socket:
    """The TCP connection that a request came by, from eventlet's or Werkzeug's server."""
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()  # type: ignore[no-any-return]
    return environ["werkzeug.socket"]  # type: ignore[no-any-return]


def bounded(queue: type, limit: int) -> type:
    """A queue of packets like `queue` (eventlet's or the standard library's), bounded in bytes.

    When more than `limit` bytes wait in it, its `overflow` is called, and it takes nothing more.
    """
    low = limit // 4

    class Backlog(queue):  # type: ignore[misc]
        overflow: Callable[[], None] | None = None
        size = 0
        cut = False

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self._low = threading.Event()
            self._low.set()

        def is_low(self, within: float) -> bool:
            """Wait until a quarter of the limit waits here or less, for so many seconds; whether it came to that."""
            return self._low.wait(within)

        def _put(self, packet: Any) -> None:
            if self.cut and packet is not None:
                return
            self.size += _bytes(packet)
            super()._put(packet)
            if self.size > low:
                self._low.clear()
            if self.size > limit and self.overflow and not self.cut:
                self.cut = True
                self.overflow()

        def _get(self) -> Any:
            packet = super()._get()
            self.size -= _bytes(packet)
            if self.size <= low:
                self._low.set()
            return packet

    return Backlog


def _bytes(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 1
