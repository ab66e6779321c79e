"""All WebSockets of a worker: how they begin and end, and their pings."""

import io
import logging
import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import socketio
from engineio.packet import OPEN, PING, Packet

from chat.domain.limits.addresses import NETWORK
from chat.live.packets import LARGEST
from chat.live.websocket import frames, rooms
from chat.live.websocket.fanout import FanOut
from chat.live.websocket.rooms import Rooms
from chat.live.websocket.scheduler import Scheduler
from chat.live.websocket.socket import Ended, Socket
from chat.tasks import forever

TICK = 0.1
"""Seconds between two looks at who is to be pinged, or did not answer."""
LINGER = 3.0
"""Seconds in which a client takes its leave, once the server has."""
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
    NETWORK,
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


class Sockets:
    """A worker's WebSockets: at most `limit` of them, for each of which at most `max_backlog` bytes wait to be written.

    Does nothing until `serve_on` a loop. `restart` is called when its pings ended, which they should not.
    """

    loop: Loop
    handlers: Scheduler
    fan_out: FanOut

    def __init__(self, server: socketio.Server, limit: int, max_backlog: int, restart: Callable[[], None]) -> None:
        self._server = server
        self.max_backlog = max_backlog
        self.reads_first = max_backlog // 4
        """Bytes that may wait for a connection when another of its messages is handled: there has to be room for the
        answer, and for what is said in its rooms meanwhile."""
        self._eio = server.eio
        self.reason = server.eio.reason
        self.limit = limit
        self._restart = restart
        self.limit_of_network = limit
        self._open = 0
        self._of_network: Counter[str] = Counter()
        self._ending = 0
        self._lingering: dict[Socket, float] = {}
        self.buffer = bytearray(64 * 1024)
        """Where all connections read into, one at a time."""
        self.view = memoryview(self.buffer)
        self._wheel: list[set[Socket]] = [set() for _ in range(round(self._eio.ping_interval / TICK))]
        self._turn = 0
        self._due = 0.0
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
        self.handlers = Scheduler(loop, self._heard, self._ended)
        self.fan_out = FanOut(loop, Rooms(self._server.manager, self._eio.sockets.get))
        self.serves = True
        loop.spawn(self._beat)

    def hang_up(self, sid: str) -> None:
        """End the connection with this Engine.IO id, if there still is one, after what waits for it is written."""
        if transport := self._eio.sockets.get(sid):
            transport.end(self.reason.SERVER_DISCONNECT, code=frames.GOING_AWAY)

    def identified(self, sid: str) -> None:
        """Take more than a stranger may send from the connection with this Engine.IO id."""
        if transport := self._eio.sockets.get(sid):
            transport.most = LARGEST

    def silent(self, sid: str) -> bool:
        """Whether the connection with this Engine.IO id owes an answer to a ping, so that its client may be gone."""
        transport = self._eio.sockets.get(sid)
        return transport is not None and transport.awaited and not transport.closed

    def refuse(self) -> None:
        """Open no more connections."""
        self.limit = 0

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
        if self._open + len(self._lingering) >= self.limit:
            text = "Every place for a live connection is taken. Try again in a little while."
            return _refusal("503 Service Unavailable", text, ("Retry-After", str(RETRY_AFTER)))
        network = environ.get(NETWORK, "")
        if network and self._of_network[network] >= min(self.limit_of_network, max(1, self.limit // 2)):
            text = "Your network has as many live connections as one may have. Try again in a little while."
            return _refusal("503 Service Unavailable", text, ("Retry-After", str(RETRY_AFTER)))

        sid = self._eio.generate_id()
        kept = {key: environ[key] for key in KEPT if key in environ}
        kept["wsgi.input"] = _EMPTY
        opened = Socket(self, sid, kept, self._slot())
        self._eio.sockets[sid] = opened
        verdict = self._eio._trigger_event("connect", sid, kept, run_async=False)
        if verdict not in (None, True):
            del self._eio.sockets[sid]
            return self._eio._unauthorized(verdict or None)
        opened.slot.add(opened)
        self._open += 1
        self._of_network[network] += 1
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

    # What becomes of what they send

    def _heard(self, transport: Socket, message: str) -> None:
        self._eio._trigger_event("message", transport.sid, message, run_async=False)

    def _ended(self, transport: Socket, end: Ended) -> None:
        if end.note:
            log.warning("%s", end.note)
        try:
            self._eio._trigger_event("disconnect", transport.sid, end.reason, run_async=False)
        finally:
            self._eio.sockets.pop(transport.sid, None)
            self._ending -= 1

    # Their pings

    def _slot(self) -> set[Socket]:
        """Whose first ping comes in half an interval to a whole one: not all at the same time, if all come at once."""
        half = len(self._wheel) // 2
        return self._wheel[(self._turn + half + random.randrange(half)) % len(self._wheel)]  # noqa: S311

    def _beat(self) -> None:
        """Ping each connection once an interval, a slot of them at a time, and end those that did not answer."""
        self._due = time.monotonic()
        forever("pinging", self._tick, sleep=self.loop.sleep, end=self._restart)

    def _tick(self) -> None:
        self._due = max(self._due + TICK, time.monotonic() - 1)
        self.loop.sleep(max(0, self._due - time.monotonic()))
        # Less than a turn of the wheel, as the timeout is shorter than the interval.
        answers = round(self._eio.ping_timeout / TICK)
        self._turn = (self._turn + 1) % len(self._wheel)
        for transport in list(self._wheel[self._turn - answers]):
            if transport.silent():
                transport.end(self.reason.PING_TIMEOUT, code=frames.NORMAL)
        ping = Packet(PING)
        for transport in list(self._wheel[self._turn]):
            transport.ping(ping)
        now = time.monotonic()
        for transport, deadline in list(self._lingering.items()):
            if deadline > now:
                break
            transport.lost()

    def forget(self, transport: Socket) -> None:
        """Count an open connection no more: it ends."""
        transport.slot.discard(transport)
        self._open -= 1
        network = transport.environ.get(NETWORK, "")
        self._of_network[network] -= 1
        if not self._of_network[network]:
            del self._of_network[network]
        self._ending += 1

    def linger(self, transport: Socket) -> None:
        """Give the client of a connection that ended some seconds to read on, and to close."""
        self._lingering[transport] = time.monotonic() + LINGER

    def freed(self, transport: Socket) -> None:
        """Note that a connection's socket is closed."""
        self._lingering.pop(transport, None)


_EMPTY = io.BytesIO()


def _refusal(status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer as python-engineio's own methods give it."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return {"status": status, "headers": [kind, *headers], "response": text.encode()}
