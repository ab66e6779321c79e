"""What a message costs Redis, which all workers share."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.load import Load
from bench.loop import Connection
from bench.measures import Figure, Plan, Site, site
from bench.processes import ProcessError, Server
from bench.scenarios.posts import populate_rooms

ROOM = "work"
"""The chat's default room: whoever says their name is in it."""
RATE, BUSY = 500.0, 5_000.0
"""Messages a second: few enough that each is a round trip of its own, and so many that they travel together."""
FURTHER = 4


def store(plan: Plan) -> Iterator[Figure]:
    """(j) The CPU of Redis for a post, alone and among many, and with further workers that read the bus; its memory."""
    seconds = 4 * plan.seconds
    with site("chat") as at, ExitStack() as further:
        senders = populate_rooms(at)
        # Longer than the bus keeps what it carries: from then on, only what the rooms keep adds up.
        _cost(at, senders, BUSY, 3)
        memory = at.redis.memory()
        busy = _cost(at, senders, BUSY, seconds)
        memory = at.redis.memory() - memory
        alone = _cost(at, senders, RATE, seconds)
        for _ in range(FURTHER):
            server = further.enter_context(Server("chat", at.redis))
            # A worker without anybody reads nothing.
            further.enter_context(Load("chat", server.port)).connect(1, ROOM)
        at.load.wait(1)
        among = _cost(at, senders, RATE, seconds)
    yield Figure("store", f"Redis' CPU a post, {RATE:,.0f}/s from one worker", alone * 1e6, "µs")
    yield Figure("store", f"the same, {BUSY:,.0f}/s", busy * 1e6, "µs")
    yield Figure("store", f"more for each further worker, {RATE:,.0f}/s", (among - alone) / FURTHER * 1e6, "µs")
    yield Figure("store", "Redis' memory for a message", memory / (BUSY * seconds), "B")


def _cost(at: Site, senders: list[Connection], rate: float, seconds: float) -> float:
    """The seconds of Redis' CPU that a post takes at this rate."""
    start = at.redis.cpu()
    step = at.load.run(rate, seconds, senders, settle=10)
    if not step.complete:
        raise ProcessError(f"of {step.sent:,} posts at {rate:,.0f}/s, {len(step.answers):,} were acknowledged in time")
    return (at.redis.cpu() - start) / step.sent
