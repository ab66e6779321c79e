"""Many who write: how many posts a worker takes and acknowledges in time."""

from collections.abc import Iterator

from bench.loop import Connection
from bench.measures import Figure, Plan, Site, Target, site
from bench.search import by_answer, sustainable
from bench.seeds import make_rooms

CLIENTS = 200
ROOM_SIZE = 10
BEGIN = {"chat": 1_000, "node": 1_000}
"""Posts a second at which the first search begins."""


def posts(plan: Plan) -> Iterator[Figure]:
    """(b) The most posts a second of 200 clients in rooms of ten, each acknowledged, 99 % of them within 100 ms."""
    for kind in ("chat",) if plan.quick else ("chat", "node"):
        with site(kind) as at:
            senders = populate_rooms(at)
            at.load.wait(2)
            at.load.run(100, 1, senders, settle=5)
            rate = sustainable(plan, f"{kind} posts", at, senders, BEGIN[kind], by_answer).rate
        target = Target(1_500, at_least=True) if kind == "chat" else None
        yield Figure("posts", f"{kind}: posts a second and worker, 200 clients in rooms of ten", rate, "/s", target)


def populate_rooms(at: Site) -> list[Connection]:
    """Fill rooms with ten clients each; the senders are of one room after the other."""
    rooms = [f"room-{number}" for number in range(CLIENTS // ROOM_SIZE)]
    if at.server.kind == "chat":
        make_rooms(at.redis.url, *rooms)
    return [each for _ in range(ROOM_SIZE) for room in rooms for each in at.load.connect(1, room, "sender")]
