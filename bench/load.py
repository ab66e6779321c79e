"""The load: thousands of clients in one process, fast enough not to be what is measured.

Most connections only count deliveries, by a marker in what arrives. A sample reads every frame, checks that no `seq` is
missing or repeated, and takes latencies: from when a message was due by the schedule to when it arrived. Whoever sends
late, because the server stalled, so makes the latency worse and not better.
"""

import gc
import itertools
import select
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench import wire
from bench.loop import Connection, Greeting, LoadError, Loop
from bench.steps import Step

SPREAD = 20
"""Senders, and clients of the sample, among those that `populate` a room."""
CONNECTING = 100
"""Connections that are on their way in at the same time, unless asked otherwise."""
TEXT = "@%.6f@ and some words, so that it is as long as what people really say to each other."
SETTLE = 1.0
"""Seconds after the last message within which everything has to have arrived."""

BLOCKED = 0.005
"""Seconds until a sender that waits for answers looks again, if nothing comes."""

_acks = itertools.count(1)


class Load(Loop):
    """The clients of one server: getting them in, and having them send."""

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
                refused = f", and said {self._refusal[:200]!r}" if self._refusal else ""
                raise LoadError(f"{self.kind} let {there} of {count} clients in within {within:.0f} s{refused}")
        return made

    def populate(
        self, count: int, room: str, before_share: Callable[[int], None] = lambda _number: None
    ) -> list[Connection]:
        """Get `count` clients into `room`, among them `SPREAD` senders, which are returned, and as many of the sample.

        They come in as many shares, one of each in each: a server that serves a room's clients in the order of their
        coming serves the last of them much later than the first. Whoever was of the sample before no longer is.
        `before_share` is called with each share's number.

        Raises:
            LoadError: not all of them got in.
        """
        for each in self._by_file.values():
            if each.role == "sample":
                each.role = "sender"
        senders = []
        for number in range(SPREAD):
            share = count * (number + 1) // SPREAD - count * number // SPREAD
            before_share(number)
            senders += self.connect(1, room, "sender")
            self.connect((share - 2) // 2, room)
            self.connect(1, room, "sample")
            self.connect(share - 2 - (share - 2) // 2, room)
        return senders

    def open(self, room: str, role: str, greeting: Greeting | None = None, cookie: str = "") -> Connection:
        """Begin to get one client in, with a `greeting` other than the usual if there is one; `turn` does the rest.

        With a `cookie` it comes as a browser does.

        Raises:
            LoadError: the machine gives no connection.
        """
        connection = Connection(self.port, room, role, greeting or partial(wire.greeting, self.kind))
        self._by_file[connection.socket.fileno()] = connection
        self._pending.add(connection)
        connection.unsent = wire.upgrade(f"127.0.0.1:{self.port}", cookie)
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

    # Sending

    def run(
        self,
        rate: float,
        seconds: float,
        senders: list[Connection],
        *,
        settle: float = SETTLE,
        window: int | None = None,
    ) -> Step:
        """Have `senders` send `rate` messages a second in turn, whatever is answered, and see what arrives.

        With a `window`, a sender waits while so many of its messages are unanswered, and gives up at the end what it
        did not get to send.
        """
        audience: dict[str, int] = {}
        for each in self._by_file.values():
            audience[each.room] = audience.get(each.room, 0) + each.joined
        step = self.step = Step(rate, seconds, start=time.monotonic() + 0.01)
        before, lost = self.deliveries, self.lost
        # Else a collection would walk through all that thousands of clients hold, now and then.
        gc.disable()
        try:
            total, until = int(rate * seconds), step.start + seconds if window else float("inf")
            while step.sent < total and time.monotonic() < until:
                blocked = False
                while step.sent < total and (due := step.start + step.sent / rate) <= time.monotonic():
                    sender = senders[step.sent % len(senders)]
                    if blocked := bool(window and len(sender.due) >= window):
                        break
                    self.post(sender, due)
                    step.sent += 1
                    step.expected += audience[sender.room]
                self.turn(BLOCKED if blocked else step.start + step.sent / rate - time.monotonic())
            self.wait(step.start + seconds - time.monotonic())
            step.delivered = self.deliveries - before
            deadline = time.monotonic() + settle
            while time.monotonic() < deadline and (
                self.deliveries - before < step.expected or len(step.answers) + step.refused < step.sent
            ):
                self.turn(0.01)
        finally:
            gc.enable()
        step.arrived = self.deliveries - before
        step.took = time.monotonic() - step.start
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
        number = next(_acks)
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
