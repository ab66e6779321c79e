"""Too much: what happens at twice the rate that can be sustained, and after it."""

from collections.abc import Iterator

from bench.load import Load
from bench.loop import Connection
from bench.measures import Figure, Plan, Target, site, warm
from bench.search import PROMPT, sustainable
from bench.steps import Step, percentile

ROOM = "work"
SHARES, SENDERS_IN_EACH = 20, 4
"""Of five clients in each share, four send: fewer would be held up by what one connection may send in a second, long
before the server has too much. The fifth is of the sample."""
CLIENTS = SHARES * (SENDERS_IN_EACH + 1)
BEGIN = 4_000.0
"""Messages a second at which the first search begins."""
TOO_MUCH, RECOVERY = 5.0, 5.0
"""Seconds of too much, and for which its end is looked for afterwards."""
WINDOW = 10
"""Messages that a sender of too much has unanswered at most: it stands for ten browsers, which send one at a time."""


def overload(plan: Plan) -> Iterator[Figure]:
    """(d) The highest rate that is sustained, twice that rate, and the time after it.

    With few clients, as a server at its limit is what it takes: with more of them the load may reach its own first.
    """
    with site("chat") as at:
        senders = _populate(at.load)
        warm(at.load, senders)
        memory = at.server.memory()
        best = sustainable(plan, "chat overload", at, senders, BEGIN)
        flood = at.load.run(2 * (best.rate or 1), TOO_MUCH, senders, settle=0, window=WINDOW)
        growth = at.server.memory() - memory
        after = at.load.run(max(best.rate / 4, 1), RECOVERY, senders)
    share = flood.throughput / best.throughput if best.throughput else 0.0
    yield Figure(
        "overload", f"deliveries a second at the highest rate sustained, {CLIENTS} clients", best.throughput, "/s"
    )
    yield Figure(
        "overload", "deliveries at twice that rate, of those at it", share * 100, "%", Target(90, at_least=True)
    )
    yield Figure("overload", "p50 of the senders' answers at the highest rate sustained", best.answers_p50 * 1e3, "ms")
    yield Figure("overload", "p50 of the senders' answers at twice the rate", flood.answers_p50 * 1e3, "ms")
    yield Figure("overload", "memory grown meanwhile, of the server's", growth / memory * 100, "%", Target(5))
    yield Figure("overload", "until latency is normal again", _until_normal(after), "s", Target(2))
    yield Figure("overload", "connections lost", flood.lost + after.lost, "", Target(0))


def _populate(load: Load) -> list[Connection]:
    """Get everybody in, those of the sample spread among the senders, which are returned."""
    senders = []
    for _ in range(SHARES):
        senders += load.connect(SENDERS_IN_EACH, ROOM, "sender")
        load.connect(1, ROOM, "sample")
    return senders


def _until_normal(after: Step) -> float:
    """Seconds until the first second in which 99 % of what arrived was due less than `PROMPT` before."""
    for tenth in range(int(RECOVERY - 1) * 10):
        begin = after.start + tenth / 10
        arrived = [latency for arrival, latency in after.latencies if begin <= arrival < begin + 1]
        if arrived and percentile(arrived, 0.99) < PROMPT:
            return tenth / 10
    return RECOVERY
