"""All WebSockets of a worker: how they begin, who handles what they send, their pings, and what goes to many."""

import io
import json
import logging
import random
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import socketio
from bidict import bidict
from engineio.packet import OPEN, PING, Packet

from chat.live.wire import frames, rooms
from chat.live.wire.rooms import Rooms
from chat.live.wire.transport import Ended, Transport

HANDLERS = 250
"""Messages that are handled at the same time, at most."""
BEGUN = 16
"""Handlers that begin in one slice at most."""
SLICE = 0.005
"""Seconds after which handling, or writing, lets the loop look after the sockets again."""
TICK = 0.1
"""Seconds between two looks at who is to be pinged, or did not answer."""
LINGER = 3.0
"""Seconds in which a client takes its leave, once the server has."""
AT_ONCE = 256 * 1024
"""Bytes that are emitted to rooms before the loop has a turn."""
RETRY_AFTER = 10
"""Seconds after which somebody for whom there is no place may ask again."""
KEPT = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "HTTP_HOST",
    "HTTP_COOKIE",
    "wsgi.url_scheme",
    "flask.app",
)
"""What stays of a request for as long as its connection lasts: what handlers, and Flask's context for them, look at."""

log = logging.getLogger(__name__)
Environ = dict[str, Any]
Answer = dict[str, Any]


class Loop(Protocol):
    """The event loop of the worker. Only the serving code knows which."""

    def missing(self) -> str:
        """The first of the private parts that it leans on that is not there, if one is not."""

    def take(self, environ: Environ) -> socket.SocketType:
        """The client's socket, taken from the request that it came by: nobody else reads, writes or closes it."""

    def readable(self, fd: int, call: Callable[[int], None]) -> Any:
        """Call whenever there is something to read; returns the watch."""

    def writable(self, fd: int, call: Callable[[int], None]) -> Any:
        """Call whenever there is room to write; returns the watch."""

    def ignore(self, watch: Any) -> None:
        """End a watch."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once, in the loop itself, which must not wait."""

    def spawn(self, call: Callable[[], None]) -> None:
        """Call in a green thread."""

    def sleep(self, seconds: float) -> None:
        """Let the others run for so long; for a green thread."""


class Line:
    """A worker's WebSockets: at most `limit` of them, for each of which at most `max_backlog` bytes wait to be written.

    Does nothing until `serve_on` a loop.
    """

    loop: Loop

    def __init__(self, server: socketio.Server, limit: int, max_backlog: int) -> None:
        self._server = server
        self.max_backlog = max_backlog
        self._eio = server.eio
        self.reason = server.eio.reason
        self._limit = limit
        self._open = 0
        self._ending = 0
        self._lingering: dict[Transport, float] = {}
        self._ready: deque[Transport] = deque()
        self._handlers = 0
        self._going_on = False
        self._until = 0.0
        self._spoken: deque[Transport] = deque()
        self._emitted = 0
        self._writing = False
        self._pause_until = 0.0
        self.buffer = bytearray(64 * 1024)
        """Where all connections read into, one at a time."""
        self.view = memoryview(self.buffer)
        self._wheel: list[set[Transport]] = [set() for _ in range(round(self._eio.ping_interval / TICK))]
        self._turn = 0
        self.serves = False

    def serve_on(self, loop: Loop) -> None:
        """Take the WebSockets that come from now on, if everything is there as it is known here."""
        if missing := self._missing() or loop.missing():
            log.warning(
                "There is no %s as it is known here: WebSockets go by python-engineio's own transport.", missing
            )
            return
        self.loop = loop
        self._eio._handle_connect = self._connect
        Rooms(self._server.manager)
        self.serves = True
        loop.spawn(self._beat)

    def hang_up(self, sid: str) -> None:
        """End the connection with this Engine.IO id, if there still is one, after what waits for it is written."""
        if transport := self._eio.sockets.get(sid):
            transport.end(self.reason.SERVER_DISCONNECT, code=frames.GOING_AWAY)

    def refuse(self) -> None:
        """Open no more connections."""
        self._limit = 0

    def rest(self) -> bool:
        """Whether every connection has ended, with all that belongs to its end."""
        return not (self._open or self._ending or self._lingering)

    def _missing(self) -> str:
        """The first of the private parts in use that is not there."""
        for name in ("_handle_connect", "_trigger_event", "_upgrades", "_unauthorized", "generate_id", "sockets"):
            if not hasattr(self._eio, name):
                return f"engineio.Server.{name}"
        for name in (*rooms.MANAGER, *rooms.METHODS):
            if not hasattr(self._server.manager, name):
                return f"socketio.Manager.{name}"
        return ""

    # How connections begin

    def _connect(self, environ: Environ, start_response: Any, transport: str, jsonp_index: int | None = None) -> Any:
        """Open a connection, in the place of python-engineio's method of this name (RFC 6455, section 4.2).

        Its checks of the origin, the transport and the version are already made.
        """
        if "upgrade" not in [part.strip() for part in environ.get("HTTP_CONNECTION", "").lower().split(",")]:
            return _refusal("400 Bad Request", "A WebSocket begins with an Upgrade.")
        if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            return _refusal("426 Upgrade Required", "This is WebSocket 13.", ("Sec-WebSocket-Version", "13"))
        accept = frames.accept(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
        if accept is None:
            return _refusal("400 Bad Request", "A WebSocket needs a Sec-WebSocket-Key.")
        if self._open + len(self._lingering) >= self._limit:
            text = "Every place for a live connection is taken. Try again in a little while."
            return _refusal("503 Service Unavailable", text, ("Retry-After", str(RETRY_AFTER)))

        sid = self._eio.generate_id()
        kept = {key: environ[key] for key in KEPT if key in environ}
        kept["wsgi.input"] = _EMPTY
        opened = Transport(self, sid, kept, self._slot())
        self._eio.sockets[sid] = opened
        verdict = self._eio._trigger_event("connect", sid, kept, run_async=False)
        if verdict not in (None, True):
            del self._eio.sockets[sid]
            return self._eio._unauthorized(verdict or None)
        opened.slot.add(opened)
        self._open += 1
        said = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept
            + b"\r\n\r\n"
        )
        welcome = Packet(
            OPEN,
            {
                "sid": sid,
                "upgrades": self._eio._upgrades(sid, transport),
                "pingTimeout": int(self._eio.ping_timeout * 1000),
                "pingInterval": int(self._eio.ping_interval * 1000),
                "maxPayload": self._eio.max_http_buffer_size,
            },
        )
        opened.start(self.loop.take(environ), said + frames.frame(frames.TEXT, welcome.encode().encode()))
        return []

    # Who handles what they send

    def serve(self, transport: Transport) -> None:
        """Have what came for a connection handled: one item after the other, beside those of other connections."""
        if transport.busy:
            return
        transport.busy = True
        self._ready.append(transport)
        self._go_on()

    def _go_on(self) -> None:
        if not self._going_on:
            self._going_on = True
            self.loop.later(0, self._begin)

    def _begin(self) -> None:
        """Begin a slice of handling: between two, the loop looks after the sockets."""
        self._going_on = False
        self._until = time.monotonic() + SLICE
        begun = min(len(self._ready), HANDLERS - self._handlers, BEGUN)
        for _ in range(begun):
            self._handlers += 1
            self.loop.spawn(self._handle)
        if len(self._ready) > begun and self._handlers < HANDLERS:
            self._go_on()

    def _handle(self) -> None:
        try:
            while self._ready:
                if time.monotonic() > self._until:
                    self._go_on()
                    return
                transport = self._ready.popleft()
                if (item := transport.next()) is not None:
                    self._handle_item(transport, item)
                    self._ready.append(transport)
        finally:
            self._handlers -= 1

    def _handle_item(self, transport: Transport, item: str | Ended) -> None:
        if isinstance(item, Ended):
            if item.note:
                log.warning("%s", item.note)
            try:
                self._eio._trigger_event("disconnect", transport.sid, item.reason, run_async=False)
            finally:
                self._eio.sockets.pop(transport.sid, None)
                self._ending -= 1
        else:
            self._eio._trigger_event("message", transport.sid, item, run_async=False)

    # Their pings

    def _slot(self) -> set[Transport]:
        """Whose first ping comes in half an interval to a whole one: not all at the same time, if all come at once."""
        half = len(self._wheel) // 2
        return self._wheel[(self._turn + half + random.randrange(half)) % len(self._wheel)]  # noqa: S311

    def _beat(self) -> None:
        """Ping each connection once an interval, a slot of them at a time, and end those that did not answer."""
        # Less than a turn of the wheel, as the timeout is shorter than the interval.
        answers = round(self._eio.ping_timeout / TICK)
        due = time.monotonic()
        while True:
            due = max(due + TICK, time.monotonic() - 1)
            self.loop.sleep(max(0, due - time.monotonic()))
            try:
                self._turn = (self._turn + 1) % len(self._wheel)
                for transport in list(self._wheel[self._turn - answers]):
                    if transport.awaited and not transport.paused():
                        transport.end(self.reason.PING_TIMEOUT, code=frames.NORMAL)
                ping = Packet(PING)
                for transport in list(self._wheel[self._turn]):
                    transport.awaited = True
                    transport.send(ping)
                now = time.monotonic()
                for transport, deadline in list(self._lingering.items()):
                    if deadline > now:
                        break
                    transport.lost()
            except Exception:
                log.exception("pings failed, and go on")

    def forget(self, transport: Transport) -> None:
        """Count an open connection no more: it ends."""
        transport.slot.discard(transport)
        self._open -= 1
        self._ending += 1

    def linger(self, transport: Transport) -> None:
        """Give the client of a connection that ended some seconds to read on, and to close."""
        self._lingering[transport] = time.monotonic() + LINGER

    def freed(self, transport: Transport) -> None:
        """Note that a connection's socket is closed."""
        self._lingering.pop(transport, None)

    # What they are told

    def emit(self, room: str, event: str, payload: str) -> None:
        """Send an event, its payload JSON already, to everyone here who is in a Socket.IO room. It is framed once.

        For a green thread: after much it lets the others run, so that what does not fit into the buffers of sockets can
        go out before there is more.
        """
        frame = frames.frame(frames.TEXT, f"42[{json.dumps(event)},{payload}]".encode())
        find = self._eio.sockets.get
        for sid in list(self._server.manager.rooms.get("/", _NOBODY).get(room, _NOBODY).values()):
            if transport := find(sid):
                transport.say(frame)
        self._emitted += len(frame)
        if self._emitted > AT_ONCE:
            self._emitted = 0
            for transport in list(self._spoken):
                transport.write()
            self.loop.sleep(0)

    def spoke(self, transport: Transport) -> None:
        """Note that something waits to be written to a connection."""
        if not self._writing:
            self._writing = True
            self.loop.later(max(0, self._pause_until - time.monotonic()), self._write)
        self._spoken.append(transport)

    def _write(self) -> None:
        """Write to each connection all that it was told in this turn.

        It takes no more than half of the time: while many are written to, more is said to each, which then goes out at
        once.
        """
        began = time.monotonic()
        self._emitted = 0
        while self._spoken:
            self._spoken.popleft().write()
            if len(self._spoken) % 64 == 0 and time.monotonic() - began > SLICE:
                break
        now = time.monotonic()
        self._pause_until = now + (now - began)
        self._writing = bool(self._spoken)
        if self._writing:
            self.loop.later(now - began, self._write)


_EMPTY = io.BytesIO()
_NOBODY: bidict[str, Any] = bidict()


def _refusal(status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer as python-engineio's own methods give it."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return {"status": status, "headers": [kind, *headers], "response": text.encode()}
