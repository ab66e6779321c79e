"""What is said of the Redis that the chat is on: at start, when it becomes so, and while it is."""

import re
import sys
from collections.abc import Callable
from urllib.request import urlopen

import pytest

from tests.support.redis import Redis
from tests.support.servers import BIN, Server
from tests.support.waiting import eventually

EVICTS = "maxmemory-policy is allkeys-lru: Redis throws rooms and names away when it is full; set noeviction"
FORGETS = "Redis has no append-only file: its end loses what its last snapshot lacks, or all; set appendonly yes"
WAYS = {
    "gunicorn": [str(BIN / "gunicorn"), "app:app"],
    "flask run": [str(BIN / "flask"), "run"],
    "python app.py": [sys.executable, "app.py"],
}
SOON = """
import eventlet
eventlet.monkey_patch()
import runpy
from chat.live import heartbeat
heartbeat.LOOK = 0.5
runpy.run_path("app.py", run_name="__main__")
"""
"""`python app.py`, which looks twice a second what has become of its Redis."""


def ready(server: Server) -> str:
    """What `/readyz` says."""
    with urlopen(f"{server.url}/readyz", timeout=5) as answer:
        return str(answer.read().decode())


def spoil(redis: Redis) -> None:
    """Make it a Redis that loses data."""
    redis.client().config_set("maxmemory", "1gb")
    redis.client().config_set("maxmemory-policy", "allkeys-lru")
    redis.client().config_set("appendonly", "no")


def mend(redis: Redis) -> None:
    """Take that back."""
    redis.client().config_set("maxmemory-policy", "noeviction")
    redis.client().config_set("appendonly", "yes")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_start_says_once_which_redis_it_found(
    way: str, own_redis: Redis, new_server: Callable[..., Server]
) -> None:
    spoil(own_redis)
    server = new_server(command=WAYS[way], REDIS_URL=own_redis.url)
    said = rf"(Redis|Valkey) [\d.]+ at 127.0.0.1:{own_redis.port}/0: no append-only file, maxmemory-policy allkeys-lru"
    assert len(re.findall(said, server.log)) == 1, server.log
    for warning in (EVICTS, FORGETS):
        # The workers look too, and find what the log has.
        eventually(lambda warning=warning: f"warning: {warning}\n" in ready(server))
        assert server.log.count(warning) == 1, server.log


def test_what_becomes_so_is_told_once_by_all_workers_and_again_when_it_comes_back(
    own_redis: Redis, new_server: Callable[..., Server]
) -> None:
    servers = [new_server(REDIS_URL=own_redis.url, WEB_CONCURRENCY="1") for _ in range(2)]
    for each in servers:
        assert ready(each) == "ready\n"
    for times in (1, 2):
        spoil(own_redis)
        for each in servers:
            eventually(lambda each=each: ready(each) == f"ready\nwarning: {EVICTS}\nwarning: {FORGETS}\n")
        assert [sum(each.log.count(said) for each in servers) for said in (EVICTS, FORGETS)] == [times, times]
        mend(own_redis)
        for each in servers:
            eventually(lambda each=each: ready(each) == "ready\n")


def test_it_is_told_also_where_nobody_asks(own_redis: Redis, new_server: Callable[..., Server]) -> None:
    server = new_server(command=[sys.executable, "-c", SOON], REDIS_URL=own_redis.url)
    spoil(own_redis)
    eventually(lambda: EVICTS in server.log and FORGETS in server.log)


def test_a_redis_that_fills_up_is_told_in_the_same_words(own_redis: Redis, new_server: Callable[..., Server]) -> None:
    server = new_server(REDIS_URL=own_redis.url, WEB_CONCURRENCY="1")
    client = own_redis.client()
    # Beside it, what connections take is little.
    client.setrange("ballast", 40_000_000, ".")
    for part in (92, 95, 97):
        client.config_set("maxmemory", client.info("memory")["used_memory"] * 100 // part)
        eventually(lambda: "warning: Redis is nearly full" in ready(server))
    assert server.log.count("nearly full") == 1, server.log
