"""Guards before Socket.IO: against connections that do not say who they are, and packets that cannot be read."""

import logging
import time
from contextlib import suppress
from typing import Any

from engineio.exceptions import SocketIsClosedError
from engineio.packet import CLOSE, Packet

from chat.live.base import Base
from chat.live.connections import Connection

# Seconds in which a connection has to say who it is.
IDENTIFY_WITHIN = 15.0
# Seconds for closing all connections at most, and between two of them.
DRAIN_WITHIN = 4.0
DRAIN_PAUSE = 0.002

log = logging.getLogger(__name__)


class Guards:
    """Stands between Engine.IO's connections, each known by its id there (`eio_sid`), and Socket.IO."""

    def __init__(self, worker: Base) -> None:
        self._worker = worker
        self._server = worker.server
        self._deadlines: dict[str, float] = {}
        self._closing: set[str] = set()
        eio = self._server.eio
        self._connect, self._message, self._disconnect = (
            eio.handlers[event] for event in ("connect", "message", "disconnect")
        )
        for event, guard in (("connect", self._opened), ("message", self._received), ("disconnect", self._closed)):
            eio.on(event, guard)

    def identified(self, connection: Connection) -> None:
        """Lift the deadline of a connection that said who it is."""
        self._deadlines.pop(connection.socket.sid, None)
        self._worker.sockets.identified(connection.socket.sid)

    def close(self, connection: Connection) -> None:
        """End a connection."""
        self._close(connection.socket.sid)

    def expire(self) -> None:
        """Close the connections whose deadline has passed."""
        now = time.monotonic()
        # All deadlines are equally far away, so the dictionary is in their order.
        for eio_sid, deadline in list(self._deadlines.items()):
            if deadline > now:
                break
            del self._deadlines[eio_sid]
            address = self._address_of(eio_sid) or "an unknown address"
            log.info("closing a connection from %s that did not say who it is in %.0f s", address, IDENTIFY_WITHIN)
            self._close(eio_sid)

    def drain(self) -> None:
        """Close every connection, spread over some seconds: their clients all come back, to another worker."""
        self._worker.sockets.refuse()
        open_now = list(self._server.eio.sockets)
        for eio_sid in open_now:
            # Without Engine.IO's CLOSE, after which python-socketio's client would not come back.
            self._hang_up(eio_sid)
            self._server.sleep(min(DRAIN_WITHIN / len(open_now), DRAIN_PAUSE))
        while not self._worker.sockets.rest():
            self._server.sleep(DRAIN_PAUSE)

    def _close(self, eio_sid: str) -> None:
        """Say that it is over, and hang up."""
        if eio_sid not in self._closing:
            with suppress(OSError, SocketIsClosedError):
                self._server.eio.send_packet(eio_sid, Packet(CLOSE))
            self._hang_up(eio_sid)

    def _hang_up(self, eio_sid: str) -> None:
        if eio_sid in self._server.environ:
            self._closing.add(eio_sid)
            self._worker.sockets.hang_up(eio_sid)

    def _opened(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        self._deadlines[eio_sid] = time.monotonic() + IDENTIFY_WITHIN
        self._worker.sockets.opened(eio_sid)
        return self._connect(eio_sid, environ)

    def _received(self, eio_sid: str, data: Any) -> None:
        if eio_sid in self._closing or not self._worker.sockets.has_read(eio_sid):
            return
        try:
            self._message(eio_sid, data)
        except Exception as error:
            # Handlers answer for their own faults, so this is a packet that cannot be read, or Redis away at connect.
            about = {"address": self._address_of(eio_sid), "connection": eio_sid}
            log.warning("closing a connection: %s: %s", type(error).__name__, str(error)[:200], extra={"about": about})
            self._close(eio_sid)
            return
        if eio_sid not in self._deadlines and self._server.manager.sid_from_eio_sid(eio_sid, "/") is None:
            # It said that it is nobody any more.
            self._deadlines[eio_sid] = time.monotonic() + IDENTIFY_WITHIN

    def _closed(self, eio_sid: str, reason: str) -> None:
        self._deadlines.pop(eio_sid, None)
        try:
            self._disconnect(eio_sid, reason)
        finally:
            self._closing.discard(eio_sid)

    def _address_of(self, eio_sid: str) -> str:
        return str(self._server.environ.get(eio_sid, {}).get("REMOTE_ADDR", ""))
