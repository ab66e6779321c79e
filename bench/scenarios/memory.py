"""Many connections: the memory that they take."""

import time
from collections.abc import Iterator

from bench.loop import LoadError
from bench.measures import Figure, Plan, Site, Target, say, site

ROOM = "work"
IDLE = 10_000
FIRST = 100
"""Connections of them that are there before, so that what the server makes once is not counted."""
COMING_WITHIN = 240.0
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
            say(f"    {before / 2**20:.1f} MiB, and {grown / 2**20:.1f} more")
        target = Target(30) if kind == "chat" else None
        yield Figure("memory", f"{kind}: connections that joined, of {wanted + FIRST:,}", count + FIRST, "")
        yield Figure("memory", f"{kind}: memory of each", grown / max(1, count) / 1024, "KiB", target)


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
