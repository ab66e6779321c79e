"""Thousands of clients coming at once: people who come back, or connections and nothing else."""

import time
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from bench import wire
from bench.cookies import bake
from bench.load import SPREAD, Load
from bench.loop import Connection, Greeting
from bench.measures import Figure, Plan, Target, say, site
from bench.seeds import fill, settle_in
from bench.steps import Step

ROOM = "work"
STORM, QUICK_STORM = 8_000, 2_000
THERE = 200
"""Clients that are in the room when the storm comes."""
MISSED = 20
"""Entries that each client of the storm has to catch up on."""
RATE = 5.0
"""Messages a second during the storm."""
AT_ONCE = 100
"""Connections that the load opens before it looks at what has come."""
WITHIN = 60.0
LATE = 10.0
"""Seconds after the storm for which the messages sent meanwhile are waited for."""


def storm(plan: Plan) -> Iterator[Figure]:
    """(f) Thousands who come back at once with their sessions and catch up, while messages flow; and bare connects."""
    count = plan.connections(QUICK_STORM if plan.quick else STORM)
    with site("chat") as at:
        fill(at.redis.url, ROOM, 2 * MISSED)
        cookies = bake(settle_in(at.redis.url, ROOM, count))
        senders = at.load.populate(THERE, ROOM)
        at.load.wait(3)
        found = msgspec.json.decode(at.load.call(senders[0], "history", {"room": ROOM, "limit": 1})[3:])[0]
        comeback = partial(wire.comeback, found["epoch"], found["head"] - MISSED)
        came = _Storm(at.load, cookies, comeback, senders)
        came.pass_over()
    what = f"chat: clients back with their sessions and caught up a second, of {count:,}"
    yield Figure("storm", what, came.rate(MISSED), "/s", Target(1_000, at_least=True))
    yield Figure("storm", f"chat: p99 of {RATE:.0f} messages/s to {THERE} meanwhile", came.flow.p99 * 1e3, "ms")
    for kind in ("chat", "node"):
        with site(kind) as at:
            bare = _Storm(at.load, [""] * count, wire.nothing, [])
            bare.pass_over()
        yield Figure("storm", f"{kind}: bare connections a second, of {count:,}", bare.rate(0), "/s")


class _Storm:
    """One client for each of the `cookies`, all at once, while `senders` keep up a flow; whoever is closed comes again.

    `flow` has what those who were there noticed of that flow.
    """

    def __init__(self, load: Load, cookies: Sequence[str], greeting: Greeting, senders: Sequence[Connection]) -> None:
        self._load = load
        self._greeting = greeting
        self._senders = senders
        self._outside = list(cookies)
        self._clients: dict[Connection, str] = {}
        self._seconds = 0.0
        self.flow = Step(RATE, 0)

    def pass_over(self) -> None:
        """Let it come, until everybody is in or `WITHIN` seconds are over."""
        load, lost = self._load, self._load.lost
        load.step = self.flow
        self.flow.start = start = finished = time.monotonic()
        while (self._outside or load.pending) and time.monotonic() < start + WITHIN:
            for cookie in self._outside[-AT_ONCE:]:
                self._clients[load.open(ROOM, "listener", self._greeting, cookie)] = cookie
            del self._outside[-AT_ONCE:]
            self._send(start)
            waiting, closed = load.pending, load.lost
            load.turn(0 if self._outside else 0.02)
            if load.pending != waiting:
                finished = time.monotonic()
            if load.lost != closed:
                for each in [each for each in self._clients if each.closed]:
                    self._outside.append(self._clients.pop(each))
        self._seconds = finished - start
        self._finish()
        flow = f", p99 of the flow {self.flow.p99 * 1e3:.0f} ms" if self._senders else ""
        say(
            f"    {sum(each.joined for each in self._clients):,} came in within {self._seconds:.1f} s,"
            f" {load.lost - lost:,} were closed{flow}"
        )

    def rate(self, missed: int) -> float:
        """Clients in a second that came in and were answered so many messages."""
        caught_up = sum(each.joined and each.answer.count(b'"type":"message"') >= missed for each in self._clients)
        return caught_up / self._seconds

    def _send(self, start: float) -> None:
        if self._senders and time.monotonic() >= (due := start + self.flow.sent / RATE):
            self._load.post(self._senders[self.flow.sent % len(self._senders)], due)
            self.flow.sent += 1

    def _finish(self) -> None:
        """Take what is still on its way, so that what comes last counts too; what does not come is infinitely late."""
        deadline = time.monotonic() + LATE
        while (missing := self.flow.sent * SPREAD - len(self.flow.latencies)) and time.monotonic() < deadline:
            self._load.turn(0.05)
        self.flow.latencies += [(deadline, float("inf"))] * missing
