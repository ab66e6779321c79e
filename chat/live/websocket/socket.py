"""One client's WebSocket: it reads frames within a budget, and has messages handled in order."""

import logging
import socket
import time
from collections import deque
from typing import Any

from engineio import packet

from chat.live.packets import LARGEST
from chat.live.websocket import frames
from chat.live.websocket.frames import Violation
from chat.live.websocket.scheduler import Ended
from chat.live.websocket.stream import Owner, Stream

# Seconds of a connection's budget that a frame and a byte take: 200 frames or 2 MB a second.
FRAME_COST = 1 / 200
BYTE_COST = 1 / 2_000_000
# Seconds of the budget that may be saved up, and spent at once.
BURST = 2.0
# Seconds of the budget to gather before a connection beyond it is read again.
BREAK = 0.1
# Messages and bytes that may wait to be handled; with more, TCP holds the client back.
WAITING = 16
WAITING_BYTES = LARGEST
# Bytes of one message at most, until a client said who it is: a message waits in memory until it is whole.
STRANGERS = 8 * 1024
# About how many messages a client needs to come in: it connects, says who it is, and joins a room.
COMING = 3

log = logging.getLogger(__name__)


class Socket(Stream):
    """A connection, in the place of python-engineio's `Socket`.

    Attributes:
        sid: its Engine.IO id.
        environ: the request that it came by.
        slot: the connections that are pinged together with it.
        awaited: whether a pong is awaited.
        most: bytes of one message at most.
        coming: how many of its next messages count as those of a newcomer.
        busy: whether what came is being handled, or is about to be.
    """

    __slots__ = (
        "_held", "_inbox", "_inbox_bytes", "_message", "_need", "_paid", "_rest",
        "awaited", "busy", "coming", "environ", "most", "sid", "slot",
    )  # fmt: skip
    connected = upgraded = True
    upgrading = closing = False

    def __init__(self, sockets: Owner, sid: str, environ: dict[str, Any], slot: set["Socket"]) -> None:
        super().__init__(sockets)
        self.sid = sid
        self.environ = environ
        self.slot = slot
        self.awaited = False
        self.most = STRANGERS
        self.coming = COMING
        self.busy = False
        self._inbox: deque[str | Ended] | None = None
        self._inbox_bytes = 0
        self._rest: bytes | bytearray = b""
        # How long `_rest` has to be before it is worth another look.
        self._need = 0
        self._message: bytearray | None = None
        # Up to when the budget is spent.
        self._paid = 0.0
        self._held = False

    def start(self, client: socket.SocketType, greeting: bytes) -> None:
        """Take the client's socket, say `greeting`, and read from now on."""
        self._socket = client
        self._fd = client.fileno()
        self._reader = self.sockets.loop.readable(self._fd, self._read)
        self.say(greeting)
        self.write()

    # As python-engineio's socket

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End the connection, with Engine.IO's word for it unless `abort`."""
        if not self.closed:
            if not abort:
                self.send(packet.Packet(packet.CLOSE))
            self.end(reason or self.sockets.reason.SERVER_DISCONNECT, code=frames.NORMAL)

    def check_ping_timeout(self) -> bool:
        """Whether the connection is open; `Sockets` watches for pongs."""
        return not self.closed

    # Pings

    def ping(self, ping: packet.Packet) -> None:
        """Ask for a sign of life."""
        self.awaited = True
        self._moved = False
        self.send(ping)

    def silent(self) -> bool:
        """Whether the client owes a sign since the ping.

        That is an answer, if the server reads; any reading, if the server waits for the client to read.
        """
        return self.awaited and (not self.paused() or (self.behind() and not self._moved))

    # Reading

    def _read(self, _fd: int) -> None:
        """Read what came, up to a buffer at once."""
        size = None if self.closed else self._receive()
        if size is None:
            return
        if not size:
            self.lost()
            return
        came = self.sockets.view[:size]
        now = time.monotonic()
        self._paid = max(self._paid, now - BURST) + size * BYTE_COST
        if not self._rest:
            self._rest = bytes(came)
        else:
            if isinstance(self._rest, bytes):
                self._rest = bytearray(self._rest)
            self._rest += came
        if len(self._rest) >= self._need:
            self._parse()
        else:
            # A turn costs as much as a frame, or a client could have one for each byte.
            self._paid += FRAME_COST
            self._pace(now)

    def _parse(self) -> None:
        """Take the frames that are whole, as far as the budget and the handlers allow."""
        data, at, taken, now = self._rest, 0, False, time.monotonic()
        try:
            while not self.closed:
                if self._paid > now or self._full():
                    self._need = 0
                    break
                most = self.most - (len(self._message) if self._message is not None else 0)
                end, first, payload = frames.read(data, at, most)
                if payload is None:
                    self._need = end - at
                    break
                at = end
                taken = True
                self._paid += FRAME_COST
                self._take(first, payload)
        except Violation as violation:
            self._refuse(violation)
        except Exception:
            # Its own end, and nobody else's: the loop would only forget the socket.
            log.exception("a connection failed")
            self.end(self.sockets.reason.TRANSPORT_ERROR, abort=True)
        if self.closed:
            return
        self._rest = data[at:] if at else data
        if not taken and self._need:
            self._paid += FRAME_COST
        self._pace(now)

    def _pace(self, now: float) -> None:
        """Read on, or not for now: TCP then holds the client back."""
        if self._paid > now and not self._held:
            self._held = True
            self.sockets.loop.later(self._paid - now + BREAK, self._released)
        if self._held or self._full():
            if self._reader is not None:
                self.sockets.loop.ignore(self._reader)
                self._reader = None
        elif self._reader is None:
            self._reader = self.sockets.loop.readable(self._fd, self._read)

    def _released(self) -> None:
        self._held = False
        self.read_on()

    def read_on(self) -> None:
        """Go on where reading was held back, if it was and may go on."""
        if self._reader is None and not self.closed and not self._held and not self._full():
            self._parse()

    def paused(self) -> bool:
        """Whether it is the server that does not read."""
        return self._reader is None

    def next(self) -> str | Ended | None:
        """The next item to be handled; `None` if nothing waits, and the connection is at rest again."""
        if not self._inbox:
            self._inbox = None
            self.busy = False
            return None
        item = self._inbox.popleft()
        if isinstance(item, str):
            self._inbox_bytes -= len(item)
            self.read_on()
        return item

    def _full(self) -> bool:
        return self._inbox is not None and (len(self._inbox) >= WAITING or self._inbox_bytes >= WAITING_BYTES)

    def _take(self, first: int, payload: bytes) -> None:
        """Take one frame (RFC 6455, sections 5.4 to 5.6)."""
        opcode, final = first & 0x0F, first & frames.FIN
        if opcode == frames.TEXT:
            if self._message is not None:
                raise Violation(frames.PROTOCOL_ERROR, "a message begins within another")
            if final:
                self._received(payload)
            else:
                self._message = bytearray(payload)
        elif opcode == frames.CONTINUATION:
            if self._message is None:
                raise Violation(frames.PROTOCOL_ERROR, "nothing is there to continue")
            self._message += payload
            if final:
                whole, self._message = bytes(self._message), None
                self._received(whole)
        elif opcode == frames.PING:
            self.say(frames.frame(frames.PONG, payload))
        elif opcode == frames.CLOSE:
            self.end(self.sockets.reason.TRANSPORT_CLOSE, code=frames.closing_code(payload))
        elif opcode == frames.BINARY:
            raise Violation(frames.UNSUPPORTED, "a binary message")

    def _received(self, message: bytes) -> None:
        """Take one Engine.IO packet."""
        try:
            text = message.decode()
        except UnicodeDecodeError:
            raise Violation(frames.BAD_TEXT, "text that is not UTF-8") from None
        kind = text[:1]
        if kind == "4":
            self._inbox_bytes += len(text) - 1
            self._put(text[1:])
        elif kind == "3":
            self.awaited = False
        elif kind == "1":
            self.end(self.sockets.reason.CLIENT_DISCONNECT, code=frames.NORMAL)
        elif kind not in ("0", "2", "5", "6"):
            # Those are the server's own, or for other transports: python-engineio passes over them too.
            raise Violation(frames.PROTOCOL_ERROR, "no Engine.IO packet")

    def _refuse(self, violation: Violation) -> None:
        address = self.environ.get("REMOTE_ADDR") or "an unknown address"
        note = f"closing a connection from {address}: {violation}"
        self.end(self.sockets.reason.TRANSPORT_ERROR, code=violation.code, note=note)

    # Handling

    def _serve(self) -> None:
        if self._inbox is not None and not self.busy:
            self.sockets.scheduler.serve(self)

    def _ended(self, reason: str, note: str) -> None:
        self.sockets.forget(self)
        self._rest = b""
        self._message = None
        self._put(Ended(reason, note))

    def _put(self, item: str | Ended) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(item)
        self.sockets.scheduler.serve(self)
