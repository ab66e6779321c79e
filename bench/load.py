"""The load: thousands of clients in one loop, on raw sockets, fast enough not to be what is measured.

Most connections only count deliveries, by a marker in what arrives. A sample reads every frame, checks that no `seq` is
missing or repeated, and takes latencies: from when a message was due by the schedule to when it arrived. Whoever sends
late, because the server stalled, so makes the latency worse and not better. Times are seconds, monotonic.
"""

import errno
import gc
import itertools
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from bench import wire

TAIL = len(wire.MARKER) - 1
"""Bytes of the last read that are kept: a marker that a read cuts through is then found in the next, once."""
READ = 256 * 1024
SPREAD = 20
"""Senders, and clients of the sample, among those that `populate` a room."""
RETRY = 1.0
"""Seconds after which a client on its way in asks again where the server told it to."""
CONNECTING = 100
"""Connections that are on their way in at the same time, unless asked otherwise."""
SOURCES = 8
"""Addresses that clients come from, so that there are ports enough."""
IP_BIND_ADDRESS_NO_PORT = 24
"""Linux's option to choose the port when connecting, when it need differ only among those to the same server."""
TEXT = "@%.6f@ and some words, so that it is as long as what people really say to each other."
DUE = re.compile(rb"@(\d+\.\d{6})@")
SEQ = re.compile(rb'"seq":(\d+)')
ACK = re.compile(rb"43(\d+)\[")
SETTLE = 1.0
"""Seconds after the last message within which everything has to have arrived."""

Greeting = Callable[[str, str], Iterator[tuple[str, dict[str, Any]]]]
"""From a client's name and its room, the events that it sends to get in, each when the last was answered."""

_numbers = itertools.count(1)


class LoadError(RuntimeError):
    """The load could not do its part. Its text says what the server did."""


def percentile(values: list[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed; infinity where there are none."""
    return sorted(values)[max(0, -(-int(len(values) * share * 1000) // 1000) - 1)] if values else float("inf")


@dataclass
class Step:
    """What came of sending at one rate for some time.

    `start` is when the first message was due. `delivered` counts until the last was, `arrived` until everything was
    there or `SETTLE` was over. `latencies` are `(arrival, seconds)` of the sample, `answers` seconds from due to
    acknowledged.
    """

    rate: float
    seconds: float
    start: float = 0.0
    sent: int = 0
    expected: int = 0
    delivered: int = 0
    arrived: int = 0
    refused: int = 0
    holes: int = 0
    lost: int = 0
    latencies: list[tuple[float, float]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median latency of the sample, in seconds."""
        return percentile([each for _, each in self.latencies], 0.5)

    @property
    def p99(self) -> float:
        """The latency that 99 % of the sample's deliveries do not exceed, in seconds."""
        return percentile([each for _, each in self.latencies], 0.99)

    @property
    def answers_p99(self) -> float:
        """The seconds within which 99 % of the messages were acknowledged."""
        return percentile(self.answers, 0.99)

    @property
    def complete(self) -> bool:
        """Whether every message was acknowledged and reached everyone once and in order."""
        answered = len(self.answers) == self.sent and not self.refused
        return answered and self.arrived == self.expected and not self.holes and not self.lost


class Connection:
    """One client. While it `counts` it reads nothing; otherwise it is greeted, sends, or is of the sample."""

    def __init__(self, load: "Load", room: str, role: str, greeting: Greeting) -> None:
        self.number = next(_numbers)
        self.room = room
        self.role = role
        self.counts = False
        self.joined = False
        self.upgraded = False
        self.tail: bytes | bytearray = bytes(TAIL)
        self.buffer = b""
        self.unsent = b""
        self.writing = True
        self.closed = False
        self.asked = b""
        self.seq = 0
        self.due: dict[int, float] = {}
        self.answer = b""
        self.greeting = greeting(f"Guest {self.number}", room)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((f"127.0.0.{2 + self.number % SOURCES}", 0))
        code = self.socket.connect_ex(("127.0.0.1", load.port))
        if code != errno.EINPROGRESS:
            self.socket.close()
            raise LoadError(f"a connection cannot be opened: {errno.errorcode.get(code, code)}")


class Load:
    """The clients of one server, `kind` "chat", "node" or "stock", on one port of this machine."""

    def __init__(self, kind: str, port: int) -> None:
        self.kind = kind
        self.port = port
        self.deliveries = 0
        self.lost = 0
        self.connections: list[Connection] = []
        # Before any connection, so that its number is small enough for select().
        self._epoll = select.epoll()
        self._by_file: dict[int, Connection] = {}
        self._pending: set[Connection] = set()
        self._again: deque[tuple[float, Connection]] = deque()
        self._bytes = bytearray(TAIL + READ)
        self._room = memoryview(self._bytes)[TAIL:]
        self._acks = itertools.count(1)
        self.step = Step(0, 0)

    # Coming and going

    def connect(self, count: int, room: str, role: str = "listener", *, within: float = 180) -> list[Connection]:
        """Get `count` clients into `room`, each a "listener", of the "sample", or a "sender" that listens too.

        Raises:
            LoadError: not all of them got in within so many seconds.
        """
        deadline = time.monotonic() + within
        lost = self.lost
        made: list[Connection] = []
        while len(made) < count or self._pending:
            while len(made) < count and len(self._pending) < CONNECTING:
                made.append(self.open(room, role))
            self.turn(0.1)
            if self.lost > lost:
                # As any client does, they try again.
                made = [each for each in made if not each.closed]
                lost = self.lost
            if time.monotonic() > deadline:
                there = len(made) - len(self._pending)
                raise LoadError(f"{self.kind} let {there} of {count} clients in within {within:.0f} s")
        return made

    def populate(self, count: int, room: str) -> list[Connection]:
        """Get `count` clients into `room`, among them `SPREAD` senders, which are returned, and as many of the sample.

        They are spread evenly: a server that serves a room's clients in the order of their coming serves the last of
        them much later than the first.

        Raises:
            LoadError: not all of them got in.
        """
        senders = []
        for share in (count * (i + 1) // SPREAD - count * i // SPREAD for i in range(SPREAD)):
            senders += self.connect(1, room, "sender")
            self.connect((share - 2) // 2, room)
            self.connect(1, room, "sample")
            self.connect(share - 2 - (share - 2) // 2, room)
        return senders

    def open(self, room: str, role: str, greeting: Greeting | None = None) -> Connection:
        """Begin to get one client in, with a `greeting` other than the usual if there is one; `turn` does the rest.

        Raises:
            LoadError: the machine gives no connection.
        """
        connection = Connection(self, room, role, greeting or partial(wire.greeting, self.kind))
        self.connections.append(connection)
        self._by_file[connection.socket.fileno()] = connection
        self._pending.add(connection)
        connection.unsent = wire.upgrade(f"127.0.0.1:{self.port}")
        self._epoll.register(connection.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
        return connection

    @property
    def joined(self) -> int:
        """How many clients are in."""
        return sum(each.joined for each in self._by_file.values())

    @property
    def pending(self) -> int:
        """How many clients are on their way in."""
        return len(self._pending)

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

    # Sending

    def run(self, rate: float, seconds: float, senders: list[Connection], *, settle: float = SETTLE) -> Step:
        """Have `senders` send `rate` messages a second in turn, whatever is answered, and see what arrives."""
        audience: dict[str, int] = {}
        for each in self._by_file.values():
            audience[each.room] = audience.get(each.room, 0) + each.joined
        step = self.step = Step(rate, seconds)
        before, lost = self.deliveries, self.lost
        step.start = start = time.monotonic() + 0.01
        total = int(rate * seconds)
        # Else a collection would walk through all that thousands of clients hold, now and then.
        gc.disable()
        while step.sent < total:
            now = time.monotonic()
            while step.sent < total and start + step.sent / rate <= now:
                sender = senders[step.sent % len(senders)]
                self.post(sender, start + step.sent / rate)
                step.sent += 1
                step.expected += audience[sender.room]
            self.turn(start + step.sent / rate - time.monotonic())
        self.wait(start + seconds - time.monotonic())
        step.delivered = self.deliveries - before
        deadline = time.monotonic() + settle
        while time.monotonic() < deadline and (
            self.deliveries - before < step.expected or len(step.answers) + step.refused < step.sent
        ):
            self.turn(0.01)
        gc.enable()
        step.arrived = self.deliveries - before
        step.lost = self.lost - lost
        return step

    def wait(self, seconds: float) -> None:
        """Take what arrives for so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.turn(left)

    def drain(self, within: float) -> bool:
        """Take what still arrives; whether there was a quarter of a second in which nothing did."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            before = self.deliveries
            self.wait(0.25)
            if self.deliveries == before:
                return True
        return False

    def post(self, sender: Connection, due: float) -> None:
        """Send one message, due at that time."""
        number = next(self._acks)
        sender.due[number] = due
        payload = {"msg": TEXT % due, "id": f"m{number}", "room": sender.room}
        self._send(sender, wire.event("sendMessage", payload, number))

    def call(self, connection: Connection, name: str, payload: dict[str, Any], within: float = 10) -> bytes:
        """Send an event, and return its acknowledgement as it came, once it is there.

        Raises:
            LoadError: it did not come within so many seconds.
        """
        connection.answer = b""
        self._send(connection, wire.event(name, payload, 0))
        deadline = time.monotonic() + within
        while not connection.answer:
            self.turn(deadline - time.monotonic())
            if time.monotonic() > deadline:
                raise LoadError(f"{self.kind} did not answer {name} within {within:.0f} s")
        return connection.answer

    # The loop

    def turn(self, timeout: float) -> None:
        """Do what there is to do, after waiting up to `timeout` seconds for it."""
        while self._again and self._again[0][0] <= time.monotonic():
            _, connection = self._again.popleft()
            if not connection.closed:
                self._send(connection, connection.asked)
        if timeout > 0:
            # epoll's own timeout is in whole milliseconds, which is much beside a latency of one.
            select.select([self._epoll], [], [], timeout)
        count, by_file, buffer, room = 0, self._by_file, self._bytes, self._room
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
            if buffer.find(wire.PING, TAIL + 1 - len(wire.PING), TAIL + size) >= 0:
                self._send(connection, wire.PONG)
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
                self._send(connection, wire.PONG)
            elif text.startswith(b"0{"):
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
        elif not ok and b'"retry_after":' in text and connection in self._pending:
            self._again.append((now + RETRY, connection))
        elif not ok:
            raise LoadError(f"{self.kind} refused: {text[:300]!r}")
        elif connection in self._pending:
            connection.answer = text
            self._advance(connection)
        else:
            connection.answer = text

    def _advance(self, connection: Connection) -> None:
        """Send the next event by which one gets in, or note that there is none left."""
        for name, payload in connection.greeting:
            connection.asked = wire.event(name, payload, 0)
            self._send(connection, connection.asked)
            return
        connection.joined = True
        self._pending.discard(connection)

    def _send(self, connection: Connection, data: bytes = b"") -> None:
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
