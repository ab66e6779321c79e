"""Several workers at one Redis: what sharing a room costs, and what the others' rooms cost."""

import os
import signal
from collections.abc import Iterator
from functools import partial

from bench.load import Load
from bench.measures import Figure, Plan, Site, Target, site, warm
from bench.processes import Server
from bench.seeds import make_rooms

ROOM = "work"
"""The chat's default room, so that whoever says their name is in it, and their worker reads the bus."""
CROWD = 1_000
RATE = 50.0
ELSEWHERE = [f"elsewhere-{number}" for number in range(8)]
"""Rooms enough for every shard of a bus to have some."""
IN_EACH = 3
ELSEWHERE_RATE = 300.0
SHARDS = 4


def two_workers(plan: Plan) -> Iterator[Figure]:
    """(g) A room shared by two workers of one core: what a delivery costs then, of what it costs with one."""
    costs, fuller = [], 0.0
    for workers in (1, 2):
        with site("chat", workers=workers) as at:
            senders = at.load.populate(CROWD, ROOM, partial(_let_one_accept, at.server.worker_pids()))
            _let_all_accept(at.server.worker_pids())
            warm(at.load, senders)
            cost, _ = at.cost(senders, RATE, 2 * plan.seconds)
            costs.append(cost)
            fuller = max(at.server.connections()) / CROWD
    yield Figure("two-workers", f"CPU a delivery with one, {CROWD:,} clients, {RATE:.0f}/s", costs[0] * 1e6, "µs")
    yield Figure("two-workers", "CPU a delivery with two", costs[1] * 1e6, "µs")
    yield Figure("two-workers", "the same as a multiple", costs[1] / costs[0], "x", Target(1.15))
    yield Figure("two-workers", "connections of the fuller of the two", fuller * 100, "%", Target(55))


def elsewhere(plan: Plan) -> Iterator[Figure]:
    """(i) What a worker pays for a message of a room that none of its clients is in."""
    for shards in (1, SHARDS):
        settings = {"CHAT_BUS_SHARDS": str(shards)}
        with site("chat", settings=settings) as at, Server("chat", at.redis, settings=settings) as other:
            make_rooms(at.redis.url, *ELSEWHERE, shards=shards)
            paid = _paid_elsewhere(at, other, 3 * plan.seconds)
        what = f"CPU of an uninvolved worker a message, shards of the bus: {shards}"
        yield Figure("elsewhere", what, paid * 1e6, "µs")


def _let_one_accept(pids: list[int], number: int) -> None:
    """Have the workers take turns in accepting: by themselves, one takes most of what comes at once."""
    for place, pid in enumerate(pids):
        os.kill(pid, signal.SIGCONT if place == number % len(pids) else signal.SIGSTOP)


def _let_all_accept(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _paid_elsewhere(at: Site, other: Server, seconds: float) -> float:
    """The seconds of the other server's CPU that a message costs it, beyond what it takes when nothing is said."""
    with Load("chat", other.port) as idlers:
        idlers.connect(10, ROOM)
        senders = [each for _ in range(IN_EACH) for room in ELSEWHERE for each in at.load.connect(1, room, "sender")]
        idlers.wait(3)
        start = other.cpu()
        idlers.wait(seconds)
        idle = other.cpu() - start
        start = other.cpu()
        step = at.load.run(ELSEWHERE_RATE, seconds, senders)
        return max(0.0, other.cpu() - start - idle) / step.sent
