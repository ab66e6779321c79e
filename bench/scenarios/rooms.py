"""One room and many clients: how much is delivered, how soon, at what cost, and what happens beyond the limit."""

from collections.abc import Iterator

from bench.load import Load
from bench.loop import Connection
from bench.measures import PROMPT, Figure, Plan, Site, Target, site, sustainable, warm
from bench.processes import Server
from bench.seeds import make_rooms
from bench.steps import Step, percentile

ROOM = "work"
"""The chat's default room, so that whoever says their name is in it."""
BEGIN = {"chat": 20_000, "node": 30_000, "stock": 8_000}
"""Deliveries a second at which the search for the most begins."""
OVERLOAD = 5.0
RECOVERY = 15.0
"""Seconds of too much, and for which its end is looked for afterwards."""


def capacity(plan: Plan) -> Iterator[Figure]:
    """(a) The most deliveries a second into one room whose p99 stays under 100 ms, of all three servers."""
    for clients, least in ((1_000, 12.0),) if plan.quick else ((1_000, 12.0), (5_000, 8.0)):
        most: dict[str, float] = {}
        for kind in ("chat", "node") if plan.quick else ("chat", "node", "stock"):
            with site(kind) as at:
                senders = at.load.populate(clients, ROOM)
                warm(at.load, senders)
                rate = sustainable(plan, f"{kind} {clients}", at.load, senders, BEGIN[kind] / clients)
                most[kind] = rate * clients
            yield Figure("capacity", f"{kind}: deliveries a second, {clients:,} clients", most[kind], "/s")
        for other in list(most)[1:]:
            target = Target(least, at_least=True) if other == "node" else None
            ratio = most["chat"] / most[other] if most[other] else float("inf")
            yield Figure("capacity", f"chat as a multiple of {other}, {clients:,} clients", ratio, "x", target)


def steady(plan: Plan) -> Iterator[Figure]:
    """(c) What a delivery costs the server at 50 messages a second to 1,000 clients, and how soon it is there."""
    found: dict[str, tuple[float, Step]] = {}
    for kind in ("chat", "node") if plan.quick else ("chat", "node", "stock"):
        with site(kind) as at:
            senders = at.load.populate(1_000, ROOM)
            warm(at.load, senders)
            found[kind] = cost, step = _cost(at, at.server, senders, 50, 2 * plan.seconds)
        yield Figure("steady", f"{kind}: server's CPU a delivery, 1,000 clients, 50/s", cost * 1e6, "µs")
        yield Figure("steady", f"{kind}: p50, 1,000 clients, 50/s", step.p50 * 1e3, "ms")
        yield Figure("steady", f"{kind}: p99, 1,000 clients, 50/s", step.p99 * 1e3, "ms")
    (chat, chats), (node, nodes) = found["chat"], found["node"]
    yield Figure("steady", "chat's CPU a delivery as a multiple of node's", chat / node, "x", Target(1))
    yield Figure("steady", "chat's p50 as a multiple of node's", chats.p50 / nodes.p50, "x", Target(1.5))
    yield Figure("steady", "chat's p99 as a multiple of node's", chats.p99 / nodes.p99, "x", Target(1))


def calm(plan: Plan) -> Iterator[Figure]:
    """(c) How soon a message is there at 10 a second to 100 clients."""
    p50: dict[str, float] = {}
    for kind in ("chat", "node", "stock"):
        with site(kind) as at:
            senders = at.load.populate(100, ROOM)
            warm(at.load, senders)
            p50[kind] = at.load.run(10, 2 * plan.seconds, senders).p50
        yield Figure("calm", f"{kind}: p50, 100 clients, 10/s", p50[kind] * 1e3, "ms")
    yield Figure("calm", "chat's p50 as a multiple of node's, 100 clients", p50["chat"] / p50["node"], "x", Target(1.5))


def overload(plan: Plan) -> Iterator[Figure]:
    """(d) Twice what can be sustained, and the time after it."""
    with site("chat") as at:
        senders = at.load.populate(1_000, ROOM)
        warm(at.load, senders)
        best = sustainable(plan, "chat 1000", at.load, senders, BEGIN["chat"] / 1_000) or 1.0
        before = at.server.memory()
        flood = at.load.run(2 * best, OVERLOAD, senders, settle=0)
        growth = at.server.memory() - before
        after = at.load.run(best / 4, RECOVERY, senders)
    share = flood.delivered / OVERLOAD / (best * 1_000)
    yield Figure("overload", "deliveries at twice the rate, of the best", share * 100, "%", Target(90, at_least=True))
    yield Figure("overload", "memory grown meanwhile, of the server's", growth / before * 100, "%", Target(5))
    yield Figure("overload", "until latency is normal again", _until_normal(after), "s", Target(2))
    yield Figure("overload", "connections lost", flood.lost + after.lost, "", Target(0))


def two_workers(plan: Plan) -> Iterator[Figure]:
    """(g) A room shared by two workers: what a delivery costs then, of what it costs with one."""
    costs = []
    for workers in (1, 2):
        with site("chat", workers=workers) as at:
            senders = at.load.populate(1_000, ROOM)
            warm(at.load, senders)
            cost, _ = _cost(at, at.server, senders, 20, 2 * plan.seconds)
            costs.append(cost)
        yield Figure("two-workers", f"CPU a delivery, workers: {workers}", cost * 1e6, "µs")
    yield Figure("two-workers", "CPU a delivery with two, as a multiple", costs[1] / costs[0], "x", Target(1.15))


def elsewhere(plan: Plan) -> Iterator[Figure]:
    """(i) What a worker pays for a message of a room that none of its clients is in."""
    rate, seconds = 200.0, 2 * plan.seconds
    with site("chat") as at, Server("chat", at.redis) as other:
        make_rooms(at.redis.url, "elsewhere")
        with Load("chat", other.port) as idlers:
            # In the default room, so that this worker reads the bus.
            idlers.connect(10, ROOM)
            senders = at.load.connect(20, "elsewhere", "sender")
            idlers.wait(3)
            start = other.cpu()
            idlers.wait(seconds)
            idle = other.cpu() - start
            start = other.cpu()
            step = at.load.run(rate, seconds, senders)
            paid = other.cpu() - start - idle
    yield Figure("elsewhere", "CPU of an uninvolved worker a message", max(0.0, paid / step.sent) * 1e6, "µs")


def _cost(at: Site, server: Server, senders: list[Connection], rate: float, seconds: float) -> tuple[float, Step]:
    """The seconds of the server's CPU that a delivery takes at this rate, and what else came of it."""
    start = server.cpu()
    step = at.load.run(rate, seconds, senders, settle=10)
    return (server.cpu() - start) / max(1, step.arrived), step


def _until_normal(after: Step) -> float:
    """Seconds until the first second in which 99 % of what arrives was due less than `PROMPT` before."""
    for tenth in range(int(RECOVERY) * 10):
        begin = after.start + tenth / 10
        arrived = [latency for arrival, latency in after.latencies if begin <= arrival < begin + 1]
        if arrived and percentile(arrived, 0.99) < PROMPT:
            return tenth / 10
    return RECOVERY
