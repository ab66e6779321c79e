"""Things that really break: a Redis and two workers for one drill alone."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from chat.config import Config
from chat.domain import Chat
from chat.store import embedded
from chat.store.connection import Store
from tests.support.clients import unique
from tests.support.drill import Drill
from tests.support.servers import SECRET, Server, free_port
from tests.support.waiting import eventually


class Redis:
    """A `redis-server` with its append-only file on, to be killed, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        folder.mkdir()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"--port {self.port} --bind 127.0.0.1 --dir {self._folder} --appendonly yes --save".split()
        self._process = subprocess.Popen(
            [embedded._binary(), *options, ""], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        eventually(self._answers, within=20, what="Redis answers")

    def kill(self) -> None:
        """As a crash does."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It keeps its connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """A client of it."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may break."""
    server = Redis(tmp_path / "redis")
    yield server
    server.thaw()
    server.kill()


@pytest.fixture
def own_server(tmp_path: Path, own_redis: Redis) -> Iterator[Server]:
    """Two workers that the test may break."""
    server = Server(tmp_path / "server", REDIS_URL=own_redis.url, SECRET_KEY=SECRET, CHAT_RATE_LIMIT="off").started()
    eventually(lambda: len(server.worker_pids()) == 2)
    yield server
    server.stop()


@pytest.fixture
def own_room(own_redis: Redis) -> str:
    """A room for the drill."""
    chat = Chat(Store(own_redis.url), Config(rate_limit=False))
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")
    return chat.rooms.create("drill", "", founder).name


@pytest.fixture
def drill(own_server: Server, own_room: str) -> Iterator[Drill]:
    """A steady writer and readers of both kinds, at work."""
    drill = Drill(own_server.url, own_room)
    yield drill
    drill.close()


@pytest.fixture
def kill_worker(own_server: Server) -> Callable[[], None]:
    """Kills one worker, and waits until another has taken its place."""

    def kill() -> None:
        before = own_server.worker_pids()
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(own_server.worker_pids()) == 2 and before[0] not in own_server.worker_pids(), within=20)

    return kill
