"""Whatever breaks: nothing lost, nothing doubled, one order."""

import os
import signal
import time
from collections.abc import Callable

from tests.faults.conftest import Redis
from tests.support.drill import Drill
from tests.support.servers import Server
from tests.support.waiting import eventually


def test_redis_is_killed_and_started_again_three_times(drill: Drill, own_redis: Redis) -> None:
    for _ in range(3):
        own_redis.kill()
        own_redis.start()
        drill.flow()
    assert drill.verify() < 5


def test_redis_is_frozen_for_twelve_seconds(drill: Drill, own_redis: Redis) -> None:
    own_redis.freeze()
    # The fault itself takes this long.
    time.sleep(12)
    own_redis.thaw()
    assert drill.verify() < 12 + 4


def test_redis_drops_every_connection_ten_times(drill: Drill, own_redis: Redis) -> None:
    for _ in range(10):
        for kind in ("normal", "pubsub"):
            own_redis.client().client_kill_filter(_type=kind, skipme=True)
        drill.flow(5)
    assert drill.verify() < 4


def test_a_worker_is_killed(drill: Drill, kill_worker: Callable[[], None]) -> None:
    for _ in range(2):
        kill_worker()
        drill.flow()
    assert drill.verify() < 8


def test_workers_are_replaced_one_after_the_other_under_load(drill: Drill, own_server: Server) -> None:
    before = set(own_server.worker_pids())
    own_server.signal(signal.SIGHUP)
    eventually(lambda: not before & set(own_server.worker_pids()), within=30, what="new workers")
    drill.flow()
    assert drill.verify() < 6


def test_each_worker_ends_by_sigterm_under_load(drill: Drill, own_server: Server) -> None:
    for pid in own_server.worker_pids():
        os.kill(pid, signal.SIGTERM)
        eventually(lambda pid=pid: len(set(own_server.worker_pids()) - {pid}) == 2, within=30)
        drill.flow()
    assert drill.verify() < 6
