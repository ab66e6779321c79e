"""Many connections: the memory that they take, and all of them coming at once."""

import time
from collections.abc import Iterator
from functools import partial

import msgspec

from bench import wire
from bench.load import Load
from bench.loop import Connection, LoadError
from bench.measures import Figure, Plan, Site, Target, say, site
from bench.seeds import fill
from bench.steps import Step

ROOM = "work"
IDLE = 10_000
FIRST = 100
"""Connections of them that are there before, so that what the server makes once is not counted."""
COMING_WITHIN = 240.0
STORM = 8_000
THERE = 200
"""Clients that are in the room when the storm comes."""
MISSED = 20
"""Entries that each client of the storm has to catch up on."""
STORM_RATE = 5.0
"""Messages a second during the storm."""
AT_ONCE = 100
"""Connections that the load opens before it looks at what has come."""
STORM_WITHIN = 60.0
CALM_WITHIN = 30.0


def memory(plan: Plan) -> Iterator[Figure]:
    """(e) Resident memory of one worker for each idle connection that joined a room."""
    wanted = plan.connections(IDLE) - FIRST
    for kind in ("chat", "node"):
        with site(kind) as at:
            at.load.connect(FIRST, ROOM)
            before = _settled(at)
            try:
                at.load.connect(wanted, ROOM, within=COMING_WITHIN)
            except LoadError as error:
                say(f"    {error}; measured with those")
            grown = _settled(at) - before
            count = at.load.joined - FIRST
        target = Target(30) if kind == "chat" else None
        yield Figure("memory", f"{kind}: connections that joined, of {wanted + FIRST:,}", count + FIRST, "")
        yield Figure("memory", f"{kind}: memory of each", grown / max(1, count) / 1024, "KiB", target)


def storm(plan: Plan) -> Iterator[Figure]:
    """(f) Thousands of clients coming back at once, each catching up, while messages flow; bare connects for Node."""
    count = plan.connections(STORM)
    with site("chat") as at:
        fill(at.redis.url, ROOM, 2 * MISSED)
        senders = at.load.populate(THERE, ROOM)
        at.load.wait(3)
        found = msgspec.json.decode(at.load.call(senders[0], "history", {"room": ROOM, "limit": 1})[3:])[0]
        rate, latencies = _storm(at.load, count, senders, found["epoch"], found["head"] - MISSED)
    yield Figure("storm", f"chat: clients back and caught up a second, of {count:,}", rate, "/s", Target(1_000, True))
    yield Figure("storm", "chat: p99 of messages to those there meanwhile", latencies.p99 * 1e3, "ms")
    with site("node") as at:
        rate, _ = _storm(at.load, count, [])
    yield Figure("storm", f"node: bare connections a second, of {count:,}", rate, "/s")


def _storm(load: Load, count: int, senders: list[Connection], epoch: str = "", seq: int = 0) -> tuple[float, Step]:
    """Clients in a second that came in, caught up from that position or with nothing to do, and what others noticed."""
    greeting = partial(wire.comeback, epoch, seq) if epoch else wire.nothing
    load.step = step = Step(STORM_RATE, 0)
    lost = load.lost
    newcomers: list[Connection] = []
    start = finished = time.monotonic()
    while (len(newcomers) < count or load.pending) and time.monotonic() < start + STORM_WITHIN:
        for _ in range(min(AT_ONCE, count - len(newcomers))):
            newcomers.append(load.open(ROOM, "listener", greeting))
        if senders and time.monotonic() >= (due := start + step.sent / STORM_RATE):
            load.post(senders[step.sent % len(senders)], due)
            step.sent += 1
        waiting, closed = load.pending, load.lost
        load.turn(0.02 if len(newcomers) == count else 0)
        if load.pending != waiting:
            finished = time.monotonic()
        if load.lost != closed:
            # Whoever is turned away comes again.
            newcomers = [each for each in newcomers if not each.closed]
    came = [each for each in newcomers if each.joined]
    caught_up = [each for each in came if not epoch or each.answer.count(b'"type":"message"') >= MISSED]
    say(
        f"    {len(came):,} of {count:,} came in, {len(caught_up):,} caught up, {load.lost - lost:,} were closed,"
        f" in {finished - start:.1f} s"
    )
    return len(caught_up) / (finished - start), step


def _settled(at: Site) -> int:
    """The server's memory, once it did not grow by more than one part in a thousand for three seconds."""
    last = at.server.memory()
    deadline = time.monotonic() + CALM_WITHIN
    while time.monotonic() < deadline:
        at.load.wait(3)
        now = at.server.memory()
        if abs(now - last) < last / 1000:
            return now
        last = now
    return last
