"""The loop of the load: raw sockets, watched by epoll, each either counted or read. Times are seconds, monotonic."""

import errno
import itertools
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Self

from bench import wire
from bench.steps import Step

TAIL = len(wire.MARKER) - 1
"""Bytes of the last read that are kept: a marker that a read cuts through is then found in the next, once."""
READ = 256 * 1024
RETRY = 1.0
"""Seconds after which a client that was refused on its way in comes again."""
SOURCES = 8
"""Addresses that clients come from, so that there are ports enough."""
IP_BIND_ADDRESS_NO_PORT = 24
"""Linux's option to choose the port when connecting, when it need differ only among those to the same server."""
DUE = re.compile(rb"@(\d+\.\d{6})@")
SEQ = re.compile(rb'"seq":(\d+)')
ACK = re.compile(rb"43(\d+)\[")
INTERVAL = re.compile(rb'"pingInterval":(\d+)')
QUIET = 0.5
"""The share of a server's interval after a ping in which no other is looked for: that costs as much as counting. The
first may come at any time, and the one after one that was late, early."""

Greeting = Callable[[str, str], Iterator[tuple[str, dict[str, Any]]]]
"""From a client's name and its room, the events that it sends to get in, each when the last was answered."""

_numbers = itertools.count(1)


class LoadError(RuntimeError):
    """The load could not do its part. Its text says what the server did."""


class Connection:
    """One client. While it `counts` it reads nothing; otherwise it is greeted, sends, or is of the sample.

    Raises:
        LoadError: the machine gives no connection.
    """

    def __init__(self, port: int, room: str, role: str, greeting: Greeting) -> None:
        self.number = next(_numbers)
        self.room = room
        self.role = role
        self.counts = False
        self.joined = False
        self.upgraded = False
        self.tail: bytes | bytearray = bytes(TAIL)
        self.buffer = b""
        self.interval = 0.0
        self.quiet_until = 0.0
        self.unsent = b""
        self.writing = True
        self.closed = False
        self.seq = 0
        self.due: dict[int, float] = {}
        self.answer = b""
        self.greeting = greeting(f"Guest {self.number}", room)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((f"127.0.0.{2 + self.number % SOURCES}", 0))
        code = self.socket.connect_ex(("127.0.0.1", port))
        if code != errno.EINPROGRESS:
            self.socket.close()
            raise LoadError(f"a connection cannot be opened: {errno.errorcode.get(code, code)}")


class Loop:
    """The connections to one server, `kind` "chat", "node" or "stock", on one port of this machine.

    `deliveries` and `lost` count what arrived and which connections ended so far; the sample and the senders note what
    they see in `step`.
    """

    def __init__(self, kind: str, port: int) -> None:
        self.kind = kind
        self.port = port
        self.deliveries = 0
        self.lost = 0
        self.step = Step(0, 0)
        # Before any connection, so that its number is small enough for select().
        self._epoll = select.epoll()
        self._by_file: dict[int, Connection] = {}
        self._pending: set[Connection] = set()
        self._refusal = b""
        self._again: deque[tuple[float, Connection]] = deque()
        self._bytes = bytearray(TAIL + READ)
        self._room = memoryview(self._bytes)[TAIL:]

    def close(self) -> None:
        """Close every connection."""
        for connection in self._by_file.values():
            connection.socket.close()
        self._by_file.clear()
        self._epoll.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def turn(self, timeout: float) -> None:
        """Do what there is to do, after waiting up to `timeout` seconds for it."""
        while self._again and self._again[0][0] <= time.monotonic():
            _, connection = self._again.popleft()
            if not connection.closed:
                # To come again as somebody else: the name may be taken by what was not answered.
                self._drop(connection)
        if timeout > 0:
            # epoll's own timeout is in whole milliseconds, which is much beside a latency of one.
            select.select([self._epoll], [], [], timeout)
        count, by_file, buffer, room, now = 0, self._by_file, self._bytes, self._room, time.monotonic()
        for file, events in self._epoll.poll(0, len(by_file) + 1):
            connection = by_file[file]
            if not connection.counts:
                self._attend(connection, events)
                continue
            if events & select.EPOLLOUT:
                self._send(connection)
            try:
                size = connection.socket.recv_into(room)
            except BlockingIOError:
                continue
            except OSError:
                size = 0
            if not size:
                self._drop(connection)
                continue
            buffer[:TAIL] = connection.tail
            count += buffer.count(wire.MARKER, 0, TAIL + size)
            if now >= connection.quiet_until and buffer.find(wire.PING, TAIL + 1 - len(wire.PING), TAIL + size) >= 0:
                self._answer_ping(connection, now)
            connection.tail = buffer[size : size + TAIL]
        self.deliveries += count

    def _attend(self, connection: Connection, events: int) -> None:
        if events & select.EPOLLOUT:
            self._send(connection)
        if events & ~select.EPOLLOUT:
            try:
                data = connection.socket.recv(READ)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._drop(connection)
                return
            self._read(connection, data)

    def _read(self, connection: Connection, data: bytes) -> None:
        now = time.monotonic()
        connection.buffer += data
        if not connection.upgraded:
            head, end, rest = connection.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise LoadError(f"{self.kind} refused a connection: {head[:200]!r}")
            connection.upgraded, connection.buffer = True, rest
        texts, connection.buffer = wire.split(connection.buffer)
        for text in texts:
            if text.startswith(wire.MARKER):
                self._deliver(connection, text, now)
            elif text.startswith(b"43"):
                self._acknowledge(connection, text, now)
            elif text == b"2":
                self._answer_ping(connection, now)
            elif text.startswith(b"0{"):
                found = INTERVAL.search(text)
                connection.interval = int(found[1]) / 1000 if found else 0.0
                self._send(connection, wire.OPEN_NAMESPACE)
            elif text.startswith(b"40"):
                self._advance(connection)
        if connection.joined and connection.role == "listener":
            # From here on it only counts, with what is left of a frame.
            self.deliveries += connection.buffer.count(wire.MARKER)
            connection.tail = (bytes(TAIL) + connection.buffer)[-TAIL:]
            connection.counts = True

    def _deliver(self, connection: Connection, text: bytes, now: float) -> None:
        if not connection.joined:
            # Before the answer to `join` it is of no step.
            return
        self.deliveries += 1
        if connection.role != "sample":
            return
        seq, due = SEQ.search(text), DUE.search(text)
        if seq is None or due is None:
            raise LoadError(f"{self.kind} delivered what nobody sent: {text[:200]!r}")
        number = int(seq[1])
        if connection.seq and number != connection.seq + 1:
            self.step.holes += 1
        connection.seq = number
        self.step.latencies.append((now, now - float(due[1])))

    def _acknowledge(self, connection: Connection, text: bytes, now: float) -> None:
        found = ACK.match(text)
        ok = b'"ok":true' in text[:200]
        number = int(found[1]) if found else 0
        if number:
            due = connection.due.pop(number)
            if ok:
                self.step.answers.append(now - due)
            else:
                self.step.refused += 1
        elif not ok and connection in self._pending:
            self._refusal = text
            self._again.append((now + RETRY, connection))
        elif not ok:
            raise LoadError(f"{self.kind} refused: {text[:300]!r}")
        elif connection in self._pending:
            connection.answer = text
            self._advance(connection)
        else:
            connection.answer = text

    def _answer_ping(self, connection: Connection, now: float) -> None:
        connection.quiet_until = now + QUIET * connection.interval
        self._send(connection, wire.PONG)

    def _advance(self, connection: Connection) -> None:
        """Send the next event by which one gets in, or note that there is none left."""
        for name, payload in connection.greeting:
            self._send(connection, wire.event(name, payload, 0))
            return
        connection.joined = True
        self._pending.discard(connection)

    def _send(self, connection: Connection, data: bytes = b"") -> None:
        if connection.closed:
            return
        connection.unsent += data
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            # The next read says that it is over.
            sent = len(connection.unsent)
        connection.unsent = connection.unsent[sent:]
        if connection.writing != bool(connection.unsent):
            connection.writing = bool(connection.unsent)
            events = select.EPOLLIN | (select.EPOLLOUT if connection.writing else 0)
            self._epoll.modify(connection.socket.fileno(), events)

    def _drop(self, connection: Connection) -> None:
        self.lost += 1
        self._pending.discard(connection)
        del self._by_file[connection.socket.fileno()]
        connection.socket.close()
        connection.closed, connection.joined = True, False
