"""All WebSockets of a worker: how they begin and end, and their pings."""

import io
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import socketio
from engineio.packet import OPEN, PING, Packet

from chat.domain.limits.addresses import NETWORK
from chat.live.connections import Connections
from chat.live.packets import LARGEST
from chat.live.websocket import frames
from chat.live.websocket.fanout import FanOut
from chat.live.websocket.loop import Loop
from chat.live.websocket.scheduler import Ended, Scheduler
from chat.live.websocket.socket import Socket
from chat.live.websocket.stream import Stream
from chat.tasks import forever

# Seconds between two looks at who is to be pinged, or did not answer.
TICK = 0.1
# Seconds in which a client may still read and close, once the server has closed.
LINGER = 3.0
# Seconds after which a client for which there is no place may ask again.
RETRY_AFTER = 10
# The parts of a request that handlers and Flask look at: they are kept for as long as the connection lasts.
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
_EMPTY = io.BytesIO()

log = logging.getLogger(__name__)
Environ = dict[str, Any]
Answer = dict[str, Any]


class Sockets:
    """A worker's WebSockets, each known by its Engine.IO id (`eio_sid`), in the place of python-engineio's own.

    Args:
        limit: how many there may be at most, and `limit_of_network` of one network.
        max_backlog: how many bytes may wait to be written to each.
        restart: called when the pings ended, which they should not.
    """

    def __init__(
        self,
        server: socketio.Server,
        connections: Connections,
        loop: Loop,
        *,
        limit: int,
        limit_of_network: int,
        max_backlog: int,
        restart: Callable[[], None],
    ) -> None:
        self._eio = server.eio
        self.loop = loop
        self.reason = server.eio.reason
        self._limit = limit
        self._limit_of_network = limit_of_network
        self.max_backlog = max_backlog
        # Bytes that may wait for a connection when another of its messages is handled: there has to be room for the
        # answer, and for what is said in its rooms meanwhile.
        self.reads_first = max_backlog // 4
        self._restart = restart
        self._open = 0
        self._of_network: Counter[str] = Counter()
        self._ending = 0
        self._lingering: dict[Stream, float] = {}
        # Where all connections read into, one at a time.
        self.buffer = bytearray(64 * 1024)
        self.view = memoryview(self.buffer)
        self._wheel: list[set[Socket]] = [set() for _ in range(round(self._eio.ping_interval / TICK))]
        self._turn = 0
        self._due = 0.0
        self.scheduler = Scheduler(loop, self._heard, self._ended)
        self.fan_out = FanOut(loop, connections)
        self.emit, self.flush = self.fan_out.emit, self.fan_out.flush
        self._eio._handle_connect = self._connect
        loop.spawn(self._beat)

    def opened(self, eio_sid: str) -> None:
        """What may wait for a connection is bounded already."""

    def has_read(self, eio_sid: str) -> bool:
        """A client that has not read what it asked for is given no turn: see `Stream.behind`."""
        return True

    def identified(self, eio_sid: str) -> None:
        """Take more from a connection than a stranger may send."""
        if socket := self._eio.sockets.get(eio_sid):
            socket.most = LARGEST

    def silent(self, eio_sid: str) -> bool:
        """Whether a connection owes an answer to a ping, so that its client may be gone."""
        socket = self._eio.sockets.get(eio_sid)
        return socket is not None and socket.awaited and not socket.closed

    def hang_up(self, eio_sid: str) -> None:
        """End a connection, if there still is one, after what waits for it is written."""
        if socket := self._eio.sockets.get(eio_sid):
            socket.end(self.reason.SERVER_DISCONNECT, code=frames.GOING_AWAY)

    def refuse(self) -> None:
        """Open no more connections."""
        self._limit = 0

    def rest(self) -> bool:
        """Whether every connection has ended, with all that belongs to its end."""
        return not (self._open or self._ending or self._lingering)

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
        network = environ.get(NETWORK, "")
        if network and self._of_network[network] >= min(self._limit_of_network, max(1, self._limit // 2)):
            text = "Your network has as many live connections as one may have. Try again in a little while."
            return _refusal("503 Service Unavailable", text, ("Retry-After", str(RETRY_AFTER)))

        eio_sid = self._eio.generate_id()
        kept = {key: environ[key] for key in KEPT if key in environ}
        kept["wsgi.input"] = _EMPTY
        socket = Socket(self, eio_sid, kept, self._slot())
        self._eio.sockets[eio_sid] = socket
        verdict = self._eio._trigger_event("connect", eio_sid, kept, run_async=False)
        if verdict not in (None, True):
            del self._eio.sockets[eio_sid]
            return self._eio._unauthorized(verdict or None)
        socket.slot.add(socket)
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
                "sid": eio_sid,
                "upgrades": self._eio._upgrades(eio_sid, transport),
                "pingTimeout": int(self._eio.ping_timeout * 1000),
                "pingInterval": int(self._eio.ping_interval * 1000),
                "maxPayload": self._eio.max_http_buffer_size,
            },
        )
        socket.start(self.loop.take(environ), said + frames.frame(frames.TEXT, welcome.encode().encode()))
        return []

    # What they send

    def _heard(self, socket: Socket, message: str) -> None:
        self._eio._trigger_event("message", socket.sid, message, run_async=False)

    def _ended(self, socket: Socket, end: Ended) -> None:
        if end.note:
            log.warning("%s", end.note)
        try:
            self._eio._trigger_event("disconnect", socket.sid, end.reason, run_async=False)
        finally:
            self._eio.sockets.pop(socket.sid, None)
            self._ending -= 1

    # How they end

    def forget(self, socket: Socket) -> None:
        """Count an open connection no more: it ends."""
        socket.slot.discard(socket)
        self._open -= 1
        network = socket.environ.get(NETWORK, "")
        self._of_network[network] -= 1
        if not self._of_network[network]:
            del self._of_network[network]
        self._ending += 1

    def linger(self, stream: Stream) -> None:
        """Give the client of a connection that ended some seconds to read on, and to close."""
        self._lingering[stream] = time.monotonic() + LINGER

    def freed(self, stream: Stream) -> None:
        """Note that a connection's socket is closed."""
        self._lingering.pop(stream, None)

    # Their pings

    def _slot(self) -> set[Socket]:
        """A slot whose turn comes in half an interval to a whole one: who comes at once is not pinged at once."""
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
        for socket in list(self._wheel[self._turn - answers]):
            if socket.silent():
                socket.end(self.reason.PING_TIMEOUT, code=frames.NORMAL)
        ping = Packet(PING)
        for socket in list(self._wheel[self._turn]):
            socket.ping(ping)
        now = time.monotonic()
        for stream, deadline in list(self._lingering.items()):
            if deadline > now:
                break
            stream.lost()


def _refusal(status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer as python-engineio's own methods give it."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return {"status": status, "headers": [kind, *headers], "response": text.encode()}
