"""A real Redis that a test may break."""

import signal
import subprocess
from pathlib import Path

import redis

from chat.store import private_redis
from tests.support.servers import free_port
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
            [private_redis.binary(), *options, ""], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
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

    def replica(self, folder: Path) -> "Redis":
        """Another one that has all that this one has, and gets what comes."""
        other = Redis(folder)
        other.client().replicaof("127.0.0.1", self.port)
        eventually(lambda: other.client().info("replication")["master_link_status"] == "up", within=20)
        return other

    def promote(self) -> None:
        """Follow nobody any more."""
        self.client().replicaof("NO", "ONE")

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False
