"""What a benchmark yields, and what scenarios share: a plan, and a server of their own with clients."""

import statistics
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from bench.load import Load
from bench.loop import Connection
from bench.processes import Redis, Server
from bench.steps import Step

_START = time.monotonic()


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
    """One thing measured, once. `part` says of what; without a target it is only stated.

    `floor` says that it may well be more, as it was the load that had no more to give.
    """

    part: str
    what: str
    value: float
    unit: str
    target: Target | None = None
    floor: bool = False


@dataclass(frozen=True)
class Row:
    """The same figure of each run, in the order of the runs."""

    figures: Sequence[Figure]

    @property
    def value(self) -> float:
        """The median of the runs."""
        return statistics.median(each.value for each in self.figures)

    @property
    def low(self) -> float:
        """The lowest of the runs."""
        return min(each.value for each in self.figures)

    @property
    def high(self) -> float:
        """The highest of the runs."""
        return max(each.value for each in self.figures)

    @property
    def floor(self) -> bool:
        """Whether it may well be more than the median."""
        return any(each.floor for each in self.figures)

    @property
    def part(self) -> str:
        """What it is a figure of."""
        return self.figures[0].part

    @property
    def what(self) -> str:
        """What was measured."""
        return self.figures[0].what

    @property
    def unit(self) -> str:
        """What it is measured in; empty for a number."""
        return self.figures[0].unit

    @property
    def target(self) -> Target | None:
        """What it has to reach, if anything."""
        return self.figures[0].target


@dataclass
class Plan:
    """How much to measure. `rates` keeps what was found sustainable, for the next run to begin there."""

    quick: bool
    files: int
    rates: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long a step lasts."""
        return 2.0

    def connections(self, wanted: int) -> int:
        """As many connections as wanted, or as the limit on open files allows the server."""
        return min(wanted, self.files - 1_200)


_Run = Callable[[Plan], Iterator[Figure]]
"""Measures everything of a scenario once."""


@dataclass(frozen=True)
class Scenario:
    """Something that is measured: `runs` goes on for ever, a list of figures for each run.

    So what takes long to set up can be, once for all runs. `most` is how often it is measured at most, where it is slow
    or hardly varies.
    """

    runs: Callable[[Plan], Generator[list[Figure]]]
    most: int | None = None


def anew(run: _Run, most: int | None = None) -> Scenario:
    """A scenario that sets everything up anew for each run."""

    def runs(plan: Plan) -> Generator[list[Figure]]:
        while True:
            yield list(run(plan))

    return Scenario(runs, most)


@dataclass(frozen=True)
class Site:
    """A server with a Redis of its own, and its clients."""

    redis: Redis
    server: Server
    load: Load

    def cost(self, senders: list[Connection], rate: float, seconds: float) -> tuple[float, Step]:
        """The seconds of the server's CPU that a delivery takes at this rate, and what else came of it."""
        start = self.server.cpu()
        step = self.load.run(rate, seconds, senders, settle=10)
        return (self.server.cpu() - start) / max(1, step.arrived), step


@contextmanager
def site(kind: str, *, workers: int = 1, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Site]:
    """Start a server of this kind, with `settings` in its environment, and stop it afterwards."""
    told = "".join(f", {name}={value}" for name, value in settings.items())
    say(f"  starting {kind}" + (f" with {workers} workers" if workers > 1 else "") + told)
    with (
        Redis() as redis,
        Server(kind, redis, workers=workers, settings=settings) as server,
        Load(kind, server.port) as load,
    ):
        yield Site(redis, server, load)


def say(text: str) -> None:
    """Tell whoever waits what is being done, and when."""
    print(f"{time.monotonic() - _START:6.0f} s  {text}", file=sys.stderr, flush=True)


def warm(load: Load, senders: list[Connection]) -> None:
    """Let the arrival of all these clients pass, and the first messages, which take longer."""
    load.wait(1)
    load.run(20, 1, senders, settle=5)
    load.drain(20)


def timed(act: Callable[[], object]) -> float:
    """The seconds that `act` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
