"""What leans on private parts of python-socketio and python-engineio: closing transports, deadlines, bad packets.

At start it checks that those parts are still there. Otherwise Socket.IO serves as it comes, and the log says what is
missing.
"""

import logging
import socket
import time
from contextlib import suppress
from typing import Any

import msgspec
import socketio
from engineio.exceptions import SocketIsClosedError
from engineio.packet import CLOSE, Packet

from chat.live import stock
from chat.live.websocket import Sockets

IDENTIFY_WITHIN = 15.0
"""Seconds in which a connection has to say who it is."""
DRAIN_WITHIN = 4.0
DRAIN_PAUSE = 0.002
"""Seconds for closing all transports at most, and between two of them."""

log = logging.getLogger(__name__)


class Guards:
    """The transports below Socket.IO's connections, each known by its Engine.IO id (`eio_sid`)."""

    def __init__(self, server: socketio.Server, line: Sockets, max_backlog: int) -> None:
        self._server = server
        self._line = line
        self._max_backlog = max_backlog
        self._deadlines: dict[str, float] = {}
        self._closing: set[str] = set()
        handlers = getattr(server.eio, "handlers", {})
        if (
            {"connect", "message", "disconnect"} <= set(handlers)
            and hasattr(server.manager, "eio_sid_from_sid")
            and hasattr(server, "environ")
        ):
            self._connect, self._message, self._disconnect = (
                handlers[event] for event in ("connect", "message", "disconnect")
            )
            for event, guard in (("connect", self._opened), ("message", self._received), ("disconnect", self._closed)):
                server.eio.on(event, guard)
            server.eio.create_queue = stock.bounded(type(server.eio.create_queue()), max_backlog)
            self._fits = True
        else:
            log.warning(
                "This python-socketio is not the one known here: connections get no deadline to say who they are."
            )
            self._fits = False

    def identified(self, sid: str) -> None:
        """Lift the deadline of a connection that said who it is."""
        transport = self._transport_of(sid)
        self._deadlines.pop(transport, None)
        if self._line.serves:
            self._line.identified(transport)

    def silent(self, sid: str) -> bool:
        """Whether the client of a connection may be gone, as far as that can be told."""
        return self._line.serves and self._line.silent(self._transport_of(sid))

    def close(self, sid: str) -> None:
        """End a Socket.IO connection, and its transport with it."""
        transport = self._transport_of(sid)
        if transport:
            self._close(transport)
        else:
            self._server.disconnect(sid)

    def fan_out(self, room: str, event: str, payload: str) -> None:
        """Send an event, its payload JSON already, to this worker's connections in a Socket.IO room: by `flush`."""
        if self._line.serves:
            self._line.fan_out.emit(room, event, payload)
        else:
            self._server.emit(event, msgspec.Raw(payload.encode()), to=room, ignore_queue=True)

    def flush(self) -> None:
        """Write what was sent to rooms, if it was not yet, and return when the next may come."""
        if self._line.serves:
            self._line.fan_out.flush()

    def expire(self) -> None:
        """Close the transports whose deadline has passed."""
        now = time.monotonic()
        # All deadlines are equally far away, so the dictionary is in their order.
        for transport, deadline in list(self._deadlines.items()):
            if deadline > now:
                break
            del self._deadlines[transport]
            address = self._server.environ.get(transport, {}).get("REMOTE_ADDR", "an unknown address")
            log.info("closing a connection from %s that did not say who it is in %.0f s", address, IDENTIFY_WITHIN)
            self._close(transport)

    def drain(self) -> None:
        """Close every transport, spread over some seconds: all their clients come back, to some other worker."""
        self._line.refuse()
        transports = list(self._server.eio.sockets)
        for transport in transports:
            # Without Engine.IO's own word for it, on which python-socketio's client would not come back.
            self._hang_up(transport)
            self._server.sleep(min(DRAIN_WITHIN / len(transports), DRAIN_PAUSE))
        while not self._line.rest():
            self._server.sleep(DRAIN_PAUSE)

    def _transport_of(self, sid: str) -> str:
        return (self._server.manager.eio_sid_from_sid(sid, "/") or "") if self._fits else ""

    def _close(self, transport: str) -> None:
        """Say that it is over, and hang up."""
        if transport not in self._closing:
            with suppress(OSError, SocketIsClosedError):
                self._server.eio.send_packet(transport, Packet(CLOSE))
            self._hang_up(transport)

    def _hang_up(self, transport: str) -> None:
        """Read no more: the transport's own reader then writes what is queued, and ends as if the client had gone.

        Closing it from here instead would close the socket under that reader, which would wait for its timeout.
        """
        environ = self._server.environ.get(transport)
        if environ is not None:
            self._closing.add(transport)
            if self._line.serves:
                self._line.hang_up(transport)
                return
            with suppress(OSError):
                _socket_of(environ).shutdown(socket.SHUT_RD)

    def _cut(self, transport: str) -> None:
        """End a connection that does not read, at once: what waits for it would only wait."""
        log.warning("closing a connection that does not read: more than %d bytes wait for it", self._max_backlog)
        environ = self._server.environ.get(transport)
        if environ is not None:
            self._closing.add(transport)
            with suppress(OSError):
                _socket_of(environ).shutdown(socket.SHUT_RDWR)

    def _opened(self, transport: str, environ: dict[str, Any]) -> Any:
        self._deadlines[transport] = time.monotonic() + IDENTIFY_WITHIN
        if not self._line.serves:
            self._server.eio.sockets[transport].queue.overflow = lambda: self._cut(transport)
        return self._connect(transport, environ)

    def _received(self, transport: str, data: Any) -> None:
        if transport in self._closing:
            return
        if not self._line.serves and not self._has_read(transport):
            self._cut(transport)
            return
        try:
            self._message(transport, data)
        except Exception as error:
            # Handlers answer for their own faults, so this is a packet that cannot be read, or Redis away at connect.
            address = self._server.environ.get(transport, {}).get("REMOTE_ADDR")
            about = {"address": address, "connection": transport}
            log.warning("closing a connection: %s: %s", type(error).__name__, str(error)[:200], extra={"about": about})
            self._close(transport)
            return
        if transport not in self._deadlines and not self._speaks(transport):
            self._deadlines[transport] = time.monotonic() + IDENTIFY_WITHIN

    def _has_read(self, transport: str) -> bool:
        """Wait until a client has read what it asked for before."""
        opened = self._server.eio.sockets.get(transport)
        return opened is None or bool(opened.queue.is_low(self._server.eio.ping_timeout))

    def _speaks(self, transport: str) -> bool:
        return self._server.manager.sid_from_eio_sid(transport, "/") is not None

    def _closed(self, transport: str, reason: str) -> None:
        self._deadlines.pop(transport, None)
        self._closing.discard(transport)
        self._disconnect(transport, reason)


def _socket_of(environ: dict[str, Any]) -> socket.socket:
    """The TCP connection that a request came by, from eventlet's or Werkzeug's server."""
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()  # type: ignore[no-any-return]
    return environ["werkzeug.socket"]  # type: ignore[no-any-return]
