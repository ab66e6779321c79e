"""Whatever breaks: nothing lost, nothing doubled, one order."""

import os
import signal
import time
from collections.abc import Callable

import psutil

from tests.support.drill import Drill, NodeReader, Reader
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.waiting import eventually

StartDrill = Callable[..., Drill]
StartServer = Callable[..., Server]
MEGABYTE = 1024 * 1024
# Seconds for which a fault may interrupt readers beyond its own length, on a busy machine. How long it really was
# is in docs/reliability.md.
RECOVERED = 20.0


# Redis


def test_redis_is_killed_and_started_again_three_times(drill: Drill, own_redis: Redis) -> None:
    for _ in range(3):
        own_redis.kill()
        own_redis.start()
        drill.flow()
    assert drill.verify() < RECOVERED


def test_redis_is_frozen_for_twelve_seconds(drill: Drill, own_redis: Redis) -> None:
    own_redis.freeze()
    # The fault itself takes this long.
    time.sleep(12)
    own_redis.thaw()
    drill.flow(within=RECOVERED)
    assert drill.verify() < 12 + RECOVERED


def test_redis_is_away_for_45_seconds(drill: Drill, own_redis: Redis) -> None:
    own_redis.kill()
    time.sleep(45)
    own_redis.start()
    drill.flow(1, within=RECOVERED)
    assert drill.verify() < 45 + RECOVERED


def test_redis_drops_every_connection_ten_times(drill: Drill, own_redis: Redis) -> None:
    for _ in range(10):
        for kind in ("normal", "pubsub"):
            own_redis.client().client_kill_filter(_type=kind, skipme=True)
        drill.flow(5)
    assert drill.verify() < RECOVERED


def test_redis_is_cut_off_ten_times_after_a_write_before_its_reply(
    redis_proxy: Proxy, proxied_server: Server, start_drill: StartDrill
) -> None:
    drill = start_drill(proxied_server)
    for _ in range(10):
        redis_proxy.drop_reply(b":sent\r\n")
        eventually(lambda: redis_proxy.dropped)
        drill.flow(3)
    assert drill.verify() < RECOVERED


def test_redis_is_emptied(own_redis: Redis, drill: Drill) -> None:
    own_redis.client().flushall()
    drill.flow(within=RECOVERED)
    assert drill.verify(same_log=False) < RECOVERED


def test_redis_is_replaced_by_a_replica_that_has_everything(
    redis_proxy: Proxy,
    start_redis: Callable[..., Redis],
    own_redis: Redis,
    start_server: StartServer,
    start_drill: StartDrill,
) -> None:
    replica = start_redis(own_redis)
    server = start_server(REDIS_URL=redis_proxy.redis_url, CHAT_WAIT_REPLICAS="1")
    drill = start_drill(server)
    redis_proxy.target = replica.port
    redis_proxy.cut()
    replica.promote()
    # Nothing is promised before what took over has a replica of its own.
    start_redis(replica)
    drill.flow(within=20)
    assert drill.verify(same_log=False) < RECOVERED
    for reader in drill.readers:
        assert {entry["id"] for _, entry in reader.read} >= {id for *_, id in drill.acknowledged}


def test_redis_is_replaced_by_a_replica_that_lags(
    redis_proxy: Proxy,
    start_redis: Callable[..., Redis],
    own_redis: Redis,
    proxied_server: Server,
    start_drill: StartDrill,
) -> None:
    replica = start_redis(own_redis)
    drill = start_drill(proxied_server)
    # From here on it hears nothing of what is written.
    replica.promote()
    drill.flow(5)
    before, *_ = drill.acknowledged[-1]
    redis_proxy.target = replica.port
    redis_proxy.cut()
    drill.flow(within=RECOVERED)
    assert drill.verify(same_log=False) < RECOVERED
    assert drill.acknowledged[-1][0] != before, "a log that went back has to be another log"


# Workers


def test_a_worker_is_killed(drill: Drill, kill_worker: Callable[[], None]) -> None:
    for _ in range(2):
        kill_worker()
        drill.flow()
    assert drill.verify() < RECOVERED


def test_workers_are_replaced_one_after_the_other_under_load(drill: Drill, own_server: Server) -> None:
    before = set(own_server.worker_pids())
    own_server.signal(signal.SIGHUP)
    eventually(lambda: not before & set(own_server.worker_pids()), within=30, what="new workers")
    drill.flow()
    assert drill.verify() < RECOVERED


def test_each_worker_ends_by_sigterm_under_load(drill: Drill, own_server: Server) -> None:
    for pid in own_server.worker_pids():
        os.kill(pid, signal.SIGTERM)
        eventually(lambda pid=pid: len(set(own_server.worker_pids()) - {pid}) == 2, within=30)
        drill.flow()
    assert drill.verify() < RECOVERED


# The network between clients and the chat


def test_readers_are_cut_off_by_reset_ten_times(proxy: Proxy, own_server: Server, start_drill: StartDrill) -> None:
    drill = start_drill(own_server, reader_url=proxy.url)
    for _ in range(10):
        proxy.cut()
        drill.flow(3)
    assert drill.verify() < RECOVERED


def test_readers_are_cut_off_without_a_word(proxy: Proxy, own_server: Server, start_drill: StartDrill) -> None:
    drill = start_drill(own_server, reader_url=proxy.url)
    proxy.swallow_now()
    # A ping is missed 35 seconds after the last one at the latest.
    drill.flow(within=50)
    assert drill.verify() < 35 + RECOVERED


def test_readers_get_everything_late_and_in_crumbs(proxy: Proxy, own_server: Server, start_drill: StartDrill) -> None:
    proxy.crumbs = True
    drill = start_drill(own_server, reader_url=proxy.url, pace=0.1)
    drill.flow(50)
    assert drill.verify() < RECOVERED


def test_readers_stop_reading_under_200_messages_a_second(
    proxy: Proxy, own_server: Server, start_drill: StartDrill, flood: Callable[[], float]
) -> None:
    # Few clients in this process, which has to keep up itself.
    stopped = start_drill(own_server, reader_url=proxy.url, pace=0.3, kinds=[NodeReader] * 3)
    drill = start_drill(own_server, kinds=[Reader, NodeReader])
    workers = [psutil.Process(pid) for pid in own_server.worker_pids()]
    before = sum(worker.memory_info().rss for worker in workers)
    proxy.hold()
    cut = "closing a connection that does not read"
    eventually(lambda: own_server.log.count(cut) >= 3, within=120, what="those that do not read are cut off")
    assert sum(worker.memory_info().rss for worker in workers) - before < 30 * MEGABYTE
    drill.flow()
    assert flood() > 150
    proxy.go_on()
    stopped.flow()
    assert drill.verify() < RECOVERED
    assert stopped.verify() < 90


def test_everything_at_once(drill: Drill, own_redis: Redis, kill_worker: Callable[[], None]) -> None:
    own_redis.freeze()
    kill_worker()
    own_redis.thaw()
    own_redis.kill()
    own_redis.start()
    drill.flow()
    assert drill.verify() < RECOVERED
