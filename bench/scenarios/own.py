"""The load itself: whether it is fast enough not to be what is measured."""

from collections.abc import Iterator

from bench.load import Load
from bench.measures import Figure, Plan, Target, say
from bench.processes import Blast

CLIENTS = 1_000
ENOUGH = 1_000_000


def own(plan: Plan) -> Iterator[Figure]:
    """The deliveries a second that the load can count, from a server that only repeats what was made before."""
    say("  starting blast")
    with Blast(CLIENTS) as server, Load("node", server.port) as load:
        load.connect(CLIENTS, "work")
        load.wait(0.5)
        before = load.deliveries
        load.wait(plan.seconds)
        rate = (load.deliveries - before) / plan.seconds
    yield Figure("load", "the load's own limit, deliveries a second", rate, "/s", Target(ENOUGH, at_least=True))
