"""What is measured: each scenario by its name, in the order in which they run."""

from collections.abc import Callable, Iterator

from bench.measures import Figure, Plan
from bench.scenarios.history import history
from bench.scenarios.memory import memory
from bench.scenarios.own import own
from bench.scenarios.posts import posts
from bench.scenarios.rooms import calm, capacity, elsewhere, overload, steady, two_workers
from bench.scenarios.storm import storm

SCENARIOS: dict[str, Callable[[Plan], Iterator[Figure]]] = {
    "load": own,
    "capacity": capacity,
    "posts": posts,
    "steady": steady,
    "calm": calm,
    "overload": overload,
    "memory": memory,
    "storm": storm,
    "two-workers": two_workers,
    "history": history,
    "elsewhere": elsewhere,
}
QUICK = ("capacity", "posts", "steady", "history")
