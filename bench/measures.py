"""What a benchmark yields, and what scenarios share: a server of their own with clients, and the search for a rate."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.load import Load
from bench.loop import Connection
from bench.processes import Redis, Server
from bench.steps import Step

PROMPT = 0.1
"""Seconds that the 99th percentile of latencies may take."""
PRECISION = 1.15
LOWEST = 0.5
"""Messages a second below which no rate is tried."""


@dataclass(frozen=True)
class Target:
    """What a figure has to reach, at least or at most."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Whether `value` reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Figure:
    """One thing measured. `part` is the scenario's name; without a target it is only stated."""

    part: str
    what: str
    value: float
    unit: str
    target: Target | None = None


@dataclass
class Plan:
    """How much to measure. `rates` keeps what was found sustainable, for the next run to begin near it."""

    quick: bool
    files: int
    rates: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long a step lasts."""
        return 2.0 if self.quick else 3.0

    @property
    def precision(self) -> float:
        """How far the lowest rate that was too much may be above the highest that was not, as a multiple."""
        return 1.5 if self.quick else PRECISION

    @property
    def tries(self) -> int:
        """How many rates a search tries at most."""
        return 7 if self.quick else 12

    @property
    def attempts(self) -> int:
        """How often a step may fail before its rate counts as too much."""
        return 1 if self.quick else 2

    def connections(self, wanted: int) -> int:
        """As many connections as wanted, or as the limit on open files allows the server."""
        return min(wanted, self.files - 1_200)


@dataclass(frozen=True)
class Site:
    """A server with a Redis of its own, and its clients."""

    redis: Redis
    server: Server
    load: Load


@contextmanager
def site(kind: str, *, workers: int = 1) -> Iterator[Site]:
    """Start a server of this kind, and stop it afterwards."""
    say(f"  starting {kind}" + (f" with {workers} workers" if workers > 1 else ""))
    with Redis() as redis, Server(kind, redis, workers=workers) as server, Load(kind, server.port) as load:
        yield Site(redis, server, load)


def say(text: str) -> None:
    """Tell whoever waits what is being done."""
    print(text, file=sys.stderr, flush=True)


def warm(load: Load, senders: list[Connection]) -> None:
    """Let the arrival of all these clients pass, and the first messages, which take longer."""
    load.wait(2)
    load.run(20, 1, senders, settle=5)
    load.drain(20)


def by_delivery(step: Step) -> float:
    """How long the deliveries of a step took, in seconds, but for the slowest of 100."""
    return step.p99


def by_answer(step: Step) -> float:
    """How long the acknowledgements of a step took, in seconds, but for the slowest of 100."""
    return step.answers_p99


def sustainable(
    plan: Plan,
    key: str,
    load: Load,
    senders: list[Connection],
    begin: float,
    taken: Callable[[Step], float] = by_delivery,
) -> float:
    """The highest rate, in messages a second, at which all arrives, and `taken` stays under `PROMPT`; 0 if none does.

    It is doubled until it is too much, and then narrowed. With time enough, what fails is tried once more: anything may
    disturb a step of a few seconds. With the `key` of an earlier search it begins near what that one found.
    """
    known = plan.rates.get(key)
    rate = known * 0.7 if known else begin
    growth = 1.4 if known else 2.0
    good, bad = 0.0, float("inf")
    for _ in range(plan.tries):
        if any(_stands(plan, load, senders, rate, taken) for _attempt in range(plan.attempts)):
            good = rate
        else:
            bad = rate
        if bad < good * plan.precision:
            break
        rate = rate / 2 if not good else rate * growth if bad == float("inf") else (good * bad) ** 0.5
        if rate < LOWEST:
            break
    plan.rates[key] = max(good, LOWEST)
    return good


def _stands(plan: Plan, load: Load, senders: list[Connection], rate: float, taken: Callable[[Step], float]) -> bool:
    step = load.run(rate, max(plan.seconds, 3 / rate), senders)
    stands = step.complete and taken(step) < PROMPT
    say(
        f"    {rate:7.1f} messages/s: {step.delivered / step.seconds:9,.0f} deliveries/s,"
        f" p99 {taken(step) * 1e3:7.1f} ms{'' if stands else ', too much'}"
    )
    if not stands:
        load.drain(15)
    return stands


def timed(act: Callable[[], object]) -> float:
    """The seconds that `act` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
