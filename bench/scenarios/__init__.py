"""What is measured: each scenario by its name, in the order in which they run."""

from bench.measures import Scenario, anew
from bench.scenarios.history import history
from bench.scenarios.memory import memory
from bench.scenarios.overload import overload
from bench.scenarios.own import own
from bench.scenarios.posts import posts
from bench.scenarios.room import room
from bench.scenarios.store import store
from bench.scenarios.storm import storm
from bench.scenarios.workers import elsewhere, two_workers

SCENARIOS: dict[str, Scenario] = {
    "load": anew(own),
    "room": anew(room),
    "overload": anew(overload),
    "posts": anew(posts),
    "memory": anew(memory, most=1),
    "storm": anew(storm, most=3),
    "two-workers": anew(two_workers),
    "history": Scenario(history),
    "store": anew(store, most=3),
    "elsewhere": anew(elsewhere, most=3),
}
QUICK = ("room", "posts", "storm", "history")
