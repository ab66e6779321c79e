"""One client's WebSocket: a socket in the loop's hands, and what is half read or not yet written.

At rest it holds no green thread, no timer and no buffer.
"""

import logging
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from engineio import packet

from chat.live.packets import LARGEST
from chat.live.websocket import frames
from chat.live.websocket.frames import Violation

if TYPE_CHECKING:
    from chat.live.websocket.sockets import Sockets

FRAME_COST = 1 / 200
BYTE_COST = 1 / 2_000_000
"""Seconds of a connection's budget that a frame and a byte take: 200 frames or 2 MB a second."""
BURST = 2.0
"""Seconds of the budget that may be saved up, and spent at once."""
BREAK = 0.1
"""Seconds of the budget to gather before a connection beyond it is read again."""
WAITING = 16
WAITING_BYTES = LARGEST
"""Messages and bytes that may wait to be handled; with more, TCP holds the client back."""
WRITE = 256 * 1024
"""Bytes that are written to a connection at once, about, of what waits."""
STRANGERS = 8 * 1024
"""Bytes of one message at most, until a client said who it is: what came of one waits in memory for the rest."""
COMING = 3
"""Messages by which a client comes in, about: it connects, says who it is, and joins a room."""
LEFTOVER = 256 * 1024
"""Bytes that are read and dropped at most, of what a client still sends when the connection is over."""

log = logging.getLogger(__name__)


class Ended:
    """The last item that is handled for a connection: why it ended, and what to log about it, if anything."""

    __slots__ = ("note", "reason")

    def __init__(self, reason: str, note: str) -> None:
        self.reason = reason
        self.note = note


class Socket:
    """A connection, in the place of python-engineio's `Socket`.

    `sid` is its Engine.IO id; `closed` says that nothing is read or sent any more, while what waits is still written.
    """

    __slots__ = (
        "_answers",
        "_discarded",
        "_fd",
        "_held",
        "_inbox",
        "_inbox_bytes",
        "_message",
        "_moved",
        "_need",
        "_out",
        "_out_bytes",
        "_owed",
        "_paid",
        "_reader",
        "_rest",
        "_socket",
        "_writer",
        "awaited",
        "busy",
        "closed",
        "coming",
        "environ",
        "line",
        "most",
        "sid",
        "slot",
    )
    connected = upgraded = True
    upgrading = closing = False

    def __init__(self, line: "Sockets", sid: str, environ: dict[str, Any], slot: set["Socket"]) -> None:
        self.line = line
        self.sid = sid
        self.environ = environ
        self.slot = slot
        self.awaited = False
        """Whether a pong is awaited."""
        self.closed = False
        self.most = STRANGERS
        """Bytes of one message at most."""
        self.coming = COMING
        """How many of its next messages count as those of a newcomer."""
        self._inbox: deque[str | Ended] | None = None
        self._inbox_bytes = 0
        self.busy = False
        self._socket: socket.SocketType | None = None
        self._fd = -1
        self._reader: Any = None
        self._writer: Any = None
        self._rest: bytes | bytearray = b""
        self._need = 0
        self._message: bytearray | None = None
        self._paid = 0.0
        self._held = False
        self._out: list[bytes] | None = None
        self._out_bytes = 0
        # Bytes of answers among what waits, and how much has to be written until the last of them is.
        self._answers = 0
        self._owed = 0
        self._moved = False
        self._discarded = 0

    def start(self, client: socket.SocketType, greeting: bytes) -> None:
        """Take the client's socket, say `greeting`, and read from now on."""
        self._socket = client
        self._fd = client.fileno()
        self._reader = self.line.loop.readable(self._fd, self._read)
        self.say(greeting)
        self.write()

    # As python-engineio's socket

    def send(self, pkt: packet.Packet) -> None:
        """Send an Engine.IO packet, most often an answer. It is framed once, however many connections it goes to."""
        try:
            frame = pkt.frame
        except AttributeError:
            data = pkt.encode()
            text = isinstance(data, str)
            frame = pkt.frame = frames.frame(
                frames.TEXT if text else frames.BINARY, data.encode() if text else bytes(data)
            )
        self.say(frame)
        self._answers += len(frame)
        self._owed = self._out_bytes

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End the connection, with Engine.IO's word for it unless `abort`."""
        if not self.closed:
            if not abort:
                self.send(packet.Packet(packet.CLOSE))
            self.end(reason or self.line.reason.SERVER_DISCONNECT, code=frames.NORMAL)

    def check_ping_timeout(self) -> bool:
        """Whether the connection is open; the line watches for pongs."""
        return not self.closed

    # Writing

    def say(self, frame: bytes) -> None:
        """Have a frame written, after all that was said before, and together with what else is said in this turn."""
        if self.closed:
            return
        if self._out is None:
            self._out = [frame]
            self._out_bytes = len(frame)
            self.line.fan_out.spoke(self)
        elif self._out_bytes > self.line.max_backlog:
            note = f"closing a connection that does not read: more than {self.line.max_backlog} bytes wait for it"
            self.end(self.line.reason.TRANSPORT_ERROR, note=note, abort=True)
        else:
            self._out.append(frame)
            self._out_bytes += len(frame)

    def put(self, data: bytes) -> None:
        """Write frames now, if nothing waits before them, and otherwise after what does."""
        if self.closed or self._out is not None or self._socket is None:
            self.say(data)
            return
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.lost()
            return
        if sent < len(data):
            self._out = [data[sent:]]
            self._out_bytes = len(data) - sent
            self._writer = self.line.loop.writable(self._fd, self._write)

    def write(self) -> None:
        """Write what waits, as far as there is room; the rest when there is more. Never waits."""
        if self._out is None or self._writer is not None or self._socket is None:
            return
        self._write(self._fd)
        if self._out is not None:
            self._writer = self.line.loop.writable(self._fd, self._write)

    def _write(self, fd: int) -> None:
        if self._socket is None or self._out is None:
            return
        waiting = self._out
        if self._out_bytes <= WRITE:
            count, size = len(waiting), self._out_bytes
        else:
            count = size = 0
            while size < WRITE:
                size += len(waiting[count])
                count += 1
        data = waiting[0] if count == 1 else b"".join(waiting[:count])
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.lost()
            return
        self._out_bytes -= sent
        self._owed -= sent
        if self._owed <= 0:
            self._answers = 0
        self._moved = True
        if self._inbox is not None and not self.busy:
            self.line.handlers.serve(self)
        if self._out_bytes:
            waiting[:count] = [data[sent:]] if sent < size else []
            return
        self._out = None
        if self._writer is not None:
            self.line.loop.ignore(self._writer)
            self._writer = None
        if self.closed:
            self._said_all()

    # Reading

    def _read(self, _fd: int) -> None:
        """Read what came, a fair share at once."""
        if self._socket is None or self.closed:
            return
        try:
            size = self._socket.recv_into(self.line.buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            self.lost()
            return
        came = self.line.view[:size]
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
            self.end(self.line.reason.TRANSPORT_ERROR, abort=True)
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
            self.line.loop.later(self._paid - now + BREAK, self._released)
        if self._held or self._full():
            if self._reader is not None:
                self.line.loop.ignore(self._reader)
                self._reader = None
        elif self._reader is None:
            self._reader = self.line.loop.readable(self._fd, self._read)

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

    def behind(self) -> bool:
        """Whether so much that it asked for waits to be written that the client has to read before more is handled.

        What others say does not count: whoever is flooded by it can still speak.
        """
        return self._answers > self.line.reads_first and not self.closed

    def ping(self, ping: packet.Packet) -> None:
        """Ask for a sign of life."""
        self.awaited = True
        self._moved = False
        self.send(ping)

    def silent(self) -> bool:
        """Whether the client owes a sign since the ping: an answer, if the server reads; any reading, if the server
        waits for that itself."""
        return self.awaited and (not self.paused() or (self.behind() and not self._moved))

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
            self._hear_close(payload)
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
            if self._inbox is None:
                self._inbox = deque()
            self._inbox.append(text[1:])
            self._inbox_bytes += len(text) - 1
            self.line.handlers.serve(self)
        elif kind == "3":
            self.awaited = False
        elif kind == "1":
            self.end(self.line.reason.CLIENT_DISCONNECT, code=frames.NORMAL)
        elif kind not in ("0", "2", "5", "6"):
            # Those are the server's own, or for other transports: python-engineio passes over them too.
            raise Violation(frames.PROTOCOL_ERROR, "no Engine.IO packet")

    def _hear_close(self, payload: bytes) -> None:
        """Answer a closing frame (RFC 6455, sections 5.5.1 and 7.4)."""
        code = struct.unpack_from("!H", payload)[0] if len(payload) >= 2 else frames.NORMAL
        known = (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999
        if len(payload) == 1 or not known:
            raise Violation(frames.PROTOCOL_ERROR, "a closing frame that says nothing known")
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            raise Violation(frames.BAD_TEXT, "a reason that is not UTF-8") from None
        self.end(self.line.reason.TRANSPORT_CLOSE, code=code)

    def _refuse(self, violation: Violation) -> None:
        address = self.environ.get("REMOTE_ADDR") or "an unknown address"
        note = f"closing a connection from {address}: {violation}"
        self.end(self.line.reason.TRANSPORT_ERROR, code=violation.code, note=note)

    # The end

    def lost(self) -> None:
        """End: the client is gone."""
        if self.closed:
            self._free()
        else:
            self.end(self.line.reason.TRANSPORT_CLOSE, abort=True)

    def end(self, reason: str, *, code: int = 0, note: str = "", abort: bool = False) -> None:
        """End the connection. What it sent before is handled first, and then its disconnect handlers, once.

        Args:
            reason: as python-engineio's handlers know it.
            code: for the closing frame, which goes out after all that waits; then the client has some seconds to read
                it and to close its end (RFC 6455, section 7.1.1).
            note: what to log.
            abort: let go of the socket at once.
        """
        if self.closed:
            if abort:
                self._free()
            return
        if code:
            self.say(frames.closing(code))
            if self.closed:
                return
        self.closed = True
        self.line.forget(self)
        if self._reader is not None:
            self.line.loop.ignore(self._reader)
            self._reader = None
        self._rest = b""
        self._message = None
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(Ended(reason, note))
        self.line.handlers.serve(self)
        if abort or self._socket is None:
            self._free()
        else:
            self.line.linger(self)
            if self._out is None:
                self._said_all()

    def _said_all(self) -> None:
        """Everything is written: say so, and take in what the client still sends, until it closes too.

        Closing with something unread would have the system drop what the client did not get yet.
        """
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._free()
        else:
            self._reader = self.line.loop.readable(self._fd, self._discard)

    def _discard(self, _fd: int) -> None:
        if self._socket is None:
            return
        try:
            size = self._socket.recv_into(self.line.buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        self._discarded += size
        if not size or self._discarded > LEFTOVER:
            self._free()

    def _free(self) -> None:
        """Let go of the socket."""
        if self._socket is None:
            return
        for watch in (self._reader, self._writer):
            if watch is not None:
                self.line.loop.ignore(watch)
        self._reader = self._writer = self._out = None
        self._socket.close()
        self._socket = None
        self.line.freed(self)
