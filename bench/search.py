"""The search for the highest rate that a server sustains."""

import time
from collections.abc import Callable

from bench.loop import Connection
from bench.measures import Plan, Site, say
from bench.steps import Step

PROMPT = 0.1
"""Seconds that the 99th percentile of latencies may take."""
PRECISION, ROUGH = 1.1, 1.3
"""How far the lowest rate that was too much may be above the highest that was not, as a multiple."""
STRIDE, NEAR = 2.0, 1.2
"""How far apart the first rates are, as a multiple, and where an earlier search found about where to look."""
TRIES = 10
LOWEST = 0.5
"""Messages a second below which no rate is tried."""
HOPELESS = 4 * PROMPT
"""Seconds of that percentile beyond which a rate is not worth a second try."""


def by_delivery(step: Step) -> float:
    """How long the deliveries of a step took, in seconds, but for the slowest of 100."""
    return step.p99


def by_answer(step: Step) -> float:
    """How long the acknowledgements of a step took, in seconds, but for the slowest of 100."""
    return step.answers_p99


def sustainable(
    plan: Plan,
    key: str,
    at: Site,
    senders: list[Connection],
    begin: float,
    taken: Callable[[Step], float] = by_delivery,
    *,
    roughly: bool = False,
) -> Step:
    """The step at the highest rate at which all arrives, and `taken` stays under `PROMPT`; one of rate 0 if none does.

    From `begin`, in messages a second, it goes up or down until the limit lies between two rates, and then halves what
    is between them. With the `key` of an earlier search it begins with what that one found, in shorter strides. In a
    quick run, or `roughly`, it stops earlier and tries nothing twice.
    """
    roughly = roughly or plan.quick
    known = plan.rates.get(key)
    rate, stride = (known, NEAR) if known else (begin, STRIDE)
    best, bad = Step(0, 0), float("inf")
    for _ in range(TRIES):
        if step := _stands(at, senders, rate, max(plan.seconds, 3 / rate), taken, 1 if roughly else 2):
            best = step
        else:
            bad = rate
        if bad < best.rate * (ROUGH if roughly else PRECISION):
            break
        rate = rate / stride if not best.rate else rate * stride if bad == float("inf") else (best.rate * bad) ** 0.5
        if rate < LOWEST:
            break
    plan.rates[key] = max(best.rate, LOWEST)
    return best


def _stands(
    at: Site, senders: list[Connection], rate: float, seconds: float, taken: Callable[[Step], float], tries: int
) -> Step | None:
    """The step at this rate, if it can be sustained. What is not `HOPELESS` is tried so often.

    Anything may disturb a step of a few seconds.
    """
    for _ in range(tries):
        server, load = at.server.cpu(), at.redis.cpu() + time.process_time()
        step = at.load.run(rate, seconds, senders)
        stands = step.complete and taken(step) < PROMPT
        step.server_busy = (at.server.cpu() - server) / step.took
        step.busy = (at.redis.cpu() + time.process_time() - load) / step.took
        say(
            f"    {rate:7.1f} messages/s: {step.throughput:9,.0f} deliveries/s, p99 {taken(step) * 1e3:7.1f} ms,"
            f" cores of server {step.server_busy:4.0%}, load {step.busy:4.0%}{'' if stands else ', too much'}"
        )
        if stands:
            return step
        at.load.drain(15)
        if taken(step) > HOPELESS:
            break
    return None
