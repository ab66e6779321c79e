"""Writing to one client's socket without ever waiting, and how it ends.

At rest it holds no green thread, no timer and no buffer.
"""

import socket
from typing import Any, Protocol

from engineio import packet

from chat.live.websocket import frames
from chat.live.websocket.fanout import FanOut
from chat.live.websocket.loop import Loop
from chat.live.websocket.scheduler import Scheduler

# About how many of the bytes that wait for a connection are written at once.
WRITE = 256 * 1024
# How much of what a client still sends when the connection is over is read and dropped, in bytes.
LEFTOVER = 256 * 1024


class Owner(Protocol):
    """What a connection asks of those of its worker; see `chat.live.websocket.sockets.Sockets`."""

    loop: Loop
    scheduler: Scheduler
    fan_out: FanOut
    reason: Any
    max_backlog: int
    reads_first: int
    buffer: bytearray
    view: memoryview

    def forget(self, socket: Any) -> None: ...

    def linger(self, stream: Any) -> None: ...

    def freed(self, stream: Any) -> None: ...


class Stream:
    """The writing half of a connection, and its end. See `chat.live.websocket.socket.Socket`.

    Attributes:
        closed: nothing is read or said any more, while what waits is still written.
    """

    __slots__ = (
        "_answers", "_discarded", "_fd", "_moved", "_out", "_out_bytes", "_owed", "_reader", "_socket", "_writer",
        "closed", "sockets",
    )  # fmt: skip

    def __init__(self, sockets: Owner) -> None:
        self.sockets = sockets
        self.closed = False
        self._socket: socket.SocketType | None = None
        self._fd = -1
        self._reader: Any = None
        self._writer: Any = None
        self._out: list[bytes] | None = None
        self._out_bytes = 0
        # Bytes of answers among what waits, and how much has to be written until the last of them is.
        self._answers = 0
        self._owed = 0
        # Whether anything was written since the last ping.
        self._moved = False
        self._discarded = 0

    def _serve(self) -> None:
        """Have what came for the connection handled, unless it is already."""
        raise NotImplementedError

    def _ended(self, reason: str, note: str) -> None:
        """Read nothing more, and have the end handled after what came before it."""
        raise NotImplementedError

    # Writing

    def say(self, frame: bytes) -> None:
        """Have a frame written after all that was said before, in one write with the rest of this turn."""
        if self.closed:
            return
        if self._out is None:
            self._out = [frame]
            self._out_bytes = len(frame)
            self.sockets.fan_out.spoke(self)
        elif self._out_bytes > self.sockets.max_backlog:
            note = f"closing a connection that does not read: more than {self.sockets.max_backlog} bytes wait for it"
            self.end(self.sockets.reason.TRANSPORT_ERROR, note=note, abort=True)
        else:
            self._out.append(frame)
            self._out_bytes += len(frame)

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
            self._writer = self.sockets.loop.writable(self._fd, self._write)

    def write(self) -> None:
        """Write what waits, as far as there is room; the rest when there is more. Never waits."""
        if self._out is None or self._writer is not None or self._socket is None:
            return
        self._write(self._fd)
        if self._out is not None:
            self._writer = self.sockets.loop.writable(self._fd, self._write)

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
        self._serve()
        if self._out_bytes:
            waiting[:count] = [data[sent:]] if sent < size else []
            return
        self._out = None
        if self._writer is not None:
            self.sockets.loop.ignore(self._writer)
            self._writer = None
        if self.closed:
            self._said_all()

    def behind(self) -> bool:
        """Whether so much that it asked for waits to be written that the client has to read before more is handled.

        What others say does not count: a person who is flooded by it can still speak.
        """
        return self._answers > self.sockets.reads_first and not self.closed

    # The end

    def lost(self) -> None:
        """End: the client is gone."""
        if self.closed:
            self._free()
        else:
            self.end(self.sockets.reason.TRANSPORT_CLOSE, abort=True)

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
        if self._reader is not None:
            self.sockets.loop.ignore(self._reader)
            self._reader = None
        self._ended(reason, note)
        if abort or self._socket is None:
            self._free()
        else:
            self.sockets.linger(self)
            if self._out is None:
                self._said_all()

    def _said_all(self) -> None:
        """Close for writing, as all is written, and read what the client still sends until it closes too.

        Closing with something unread would have the system drop what the client did not get yet.
        """
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._free()
        else:
            self._reader = self.sockets.loop.readable(self._fd, self._discard)

    def _discard(self, _fd: int) -> None:
        size = self._receive()
        if size is None:
            return
        self._discarded += size
        if not size or self._discarded > LEFTOVER:
            self._free()

    def _receive(self) -> int | None:
        """Read into the buffer: how many bytes came, 0 at the end, or None for nothing yet."""
        if self._socket is None:
            return None
        try:
            return self._socket.recv_into(self.sockets.buffer)
        except BlockingIOError:
            return None
        except OSError:
            return 0

    def _free(self) -> None:
        """Let go of the socket."""
        if self._socket is None:
            return
        for watch in (self._reader, self._writer):
            if watch is not None:
                self.sockets.loop.ignore(watch)
        self._reader = self._writer = self._out = None
        self._socket.close()
        self._socket = None
        self.sockets.freed(self)
