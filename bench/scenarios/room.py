"""One room and many clients: how much is delivered, how soon, and at what cost.

Each server is started once for all of that, and its room grows from one part to the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.measures import Figure, Plan, Target, site, warm
from bench.search import sustainable
from bench.steps import Step

ROOM = "work"
"""The chat's default room, so that whoever says their name is in it."""
FEW, CROWD, THRONG = 100, 1_000, 5_000
CALM, STEADY = 10.0, 50.0
"""Messages a second."""
BEGIN = {"chat": 800_000, "node": 100_000, "stock": 30_000}
"""Deliveries a second at which the first search for the most begins."""
LEAST = {CROWD: 12.0, THRONG: 8.0}
"""How much more than Node the chat has to deliver, to so many clients."""


@dataclass
class _Found:
    """What was found out about one server. `most` is its limit with so many clients, `cost` seconds of CPU."""

    calm: Step = field(default_factory=lambda: Step(0, 0))
    steady: Step = field(default_factory=lambda: Step(0, 0))
    cost: float = 0.0
    most: dict[int, Step] = field(default_factory=dict)


def room(plan: Plan) -> Iterator[Figure]:
    """(a), (c) All servers in turn; the figures come when all are through."""
    found = {kind: _server(plan, kind) for kind in (("chat", "node") if plan.quick else ("chat", "node", "stock"))}
    chat, node = found["chat"], found["node"]
    for clients in chat.most:
        yield from _capacity(
            clients, {kind: each.most[clients] for kind, each in found.items() if clients in each.most}
        )
    yield from _steady(found)
    if not plan.quick:
        for kind in ("chat", "node"):
            yield Figure("calm", f"{kind}: p50, 100 clients, 10/s", found[kind].calm.p50 * 1e3, "ms")
        ratio = chat.calm.p50 / node.calm.p50
        yield Figure("calm", "chat's p50 as a multiple of node's, 100 clients", ratio, "x", Target(1.5))


def _server(plan: Plan, kind: str) -> _Found:
    """Measure one server: at ease, at a steady rate, at its limit, and at the limit of a larger room."""
    found = _Found()
    with site(kind) as at:
        if kind != "stock" and not plan.quick:
            senders = at.load.populate(FEW, ROOM)
            warm(at.load, senders)
            found.calm = at.load.run(CALM, 2 * plan.seconds, senders)
        senders = at.load.populate(CROWD - at.load.joined, ROOM)
        warm(at.load, senders)
        if kind != "stock":
            found.cost, found.steady = at.cost(senders, STEADY, 2 * plan.seconds)
        begin = BEGIN[kind] / CROWD
        found.most[CROWD] = sustainable(plan, f"{kind} {CROWD}", at, senders, begin, roughly=kind == "stock")
        if kind != "stock" and not plan.quick:
            senders = at.load.populate(THRONG - at.load.joined, ROOM)
            warm(at.load, senders)
            found.most[THRONG] = sustainable(plan, f"{kind} {THRONG}", at, senders, BEGIN[kind] / THRONG)
    return found


def _capacity(clients: int, most: dict[str, Step]) -> Iterator[Figure]:
    """(a) The most deliveries a second into one room whose p99 stays under 100 ms."""
    for kind, step in most.items():
        what = f"{kind}: deliveries a second, {clients:,} clients"
        yield Figure("capacity", what, step.rate * clients, "/s", floor=step.short_of_load)
    chat = most["chat"]
    for other in list(most)[1:]:
        target = Target(LEAST[clients], at_least=True) if other == "node" else None
        ratio = chat.rate / most[other].rate if most[other].rate else float("inf")
        what = f"chat as a multiple of {other}, {clients:,} clients"
        yield Figure("capacity", what, ratio, "x", target, floor=chat.short_of_load)


def _steady(found: dict[str, _Found]) -> Iterator[Figure]:
    """(c) What a delivery costs the server at 50 messages a second to 1,000 clients, and how soon it is there."""
    for kind in ("chat", "node"):
        each = found[kind]
        yield Figure("steady", f"{kind}: server's CPU a delivery, 1,000 clients, 50/s", each.cost * 1e6, "µs")
        yield Figure("steady", f"{kind}: p50, 1,000 clients, 50/s", each.steady.p50 * 1e3, "ms")
        yield Figure("steady", f"{kind}: p99, 1,000 clients, 50/s", each.steady.p99 * 1e3, "ms")
    chat, node = found["chat"], found["node"]
    yield Figure("steady", "chat's CPU a delivery as a multiple of node's", chat.cost / node.cost, "x", Target(1))
    yield Figure("steady", "chat's p50 as a multiple of node's", chat.steady.p50 / node.steady.p50, "x", Target(1.5))
    yield Figure("steady", "chat's p99 as a multiple of node's", chat.steady.p99 / node.steady.p99, "x", Target(1))
