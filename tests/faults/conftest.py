"""Things that really break: a Redis and two workers for one drill alone."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Connect
from tests.support.clients import NodeClient, unique
from tests.support.drill import Drill
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.servers import SECRET, Server
from tests.support.waiting import eventually


@pytest.fixture
def start_proxy() -> Iterator[Callable[..., Proxy]]:
    """Starts proxies that the test may have do what bad networks do."""
    started: list[Proxy] = []

    def start(target: int, **options: Any) -> Proxy:
        started.append(Proxy(target, **options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def redis_proxy(own_redis: Redis, start_proxy: Callable[..., Proxy]) -> Proxy:
    """The way to Redis, for a server that takes it."""
    return start_proxy(own_redis.port)


@pytest.fixture
def start_server(tmp_path: Path, own_redis: Redis) -> Iterator[Callable[..., Server]]:
    """Starts servers of two workers that the test may break."""
    started: list[Server] = []

    def start(*, ready: bool = True, **settings: str) -> Server:
        given = {"REDIS_URL": own_redis.url, "SECRET_KEY": SECRET, "CHAT_RATE_LIMIT": "off"} | settings
        server = Server(tmp_path / f"server{len(started)}", **given)
        started.append(server)
        if ready:
            server.started()
            eventually(lambda: len(server.worker_pids()) == 2)
        return server

    yield start
    for each in started:
        each.stop()
        assert "Traceback" not in each.log, each.log


@pytest.fixture
def own_server(start_server: Callable[..., Server]) -> Server:
    """Two workers that the test may break."""
    return start_server()


@pytest.fixture
def proxied_server(start_server: Callable[..., Server], redis_proxy: Proxy) -> Server:
    """Two workers whose way to Redis the test may break."""
    return start_server(REDIS_URL=redis_proxy.redis_url)


@pytest.fixture
def proxy(own_server: Server, start_proxy: Callable[..., Proxy]) -> Proxy:
    """A way to the chat, for clients that take it."""
    return start_proxy(own_server.port)


@pytest.fixture
def start_drill() -> Iterator[Callable[..., Drill]]:
    """Starts drills: a steady writer and readers of both kinds, at work."""
    started: list[Drill] = []

    def start(to: Server, **options: Any) -> Drill:
        started.append(Drill(to.url, **options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def drill(own_server: Server, start_drill: Callable[..., Drill]) -> Drill:
    """A drill whose server and Redis the test may break."""
    return start_drill(own_server)


@pytest.fixture
def flood(own_server: Server, connect_to: Connect) -> Iterator[Callable[[], float]]:
    """Has somebody say 200 messages of 4,000 characters a second; returns how many it really were."""
    flooder = connect_to(own_server, unique("Flooder"), NodeClient)
    assert isinstance(flooder, NodeClient)
    over = threading.Event()
    count = 0
    began = time.monotonic()

    def run() -> None:
        nonlocal count
        while not over.wait(max(0.0, began + count / 200 - time.monotonic())):
            flooder.send("sendMessage", {"msg": "." * 4000, "room": "work"})
            count += 1

    def end() -> float:
        over.set()
        thread.join()
        return count / (time.monotonic() - began)

    thread = threading.Thread(target=run)
    thread.start()
    yield end
    end()


@pytest.fixture
def kill_worker(own_server: Server) -> Callable[[], None]:
    """Kills one worker, and waits until another has taken its place."""

    def kill() -> None:
        before = own_server.worker_pids()
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(own_server.worker_pids()) == 2 and before[0] not in own_server.worker_pids(), within=20)

    return kill
