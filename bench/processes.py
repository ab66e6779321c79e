"""The processes of a benchmark: a Redis and servers of its own, on free loopback ports, each pinned to a core.

Servers run on the first core that this process may use; Redis and the load, which is this process, on the last. So a
server has a core to itself wherever there are two, and Redis costs it nothing but the wait.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import Self

import psutil
import redis

from chat.store.private_redis import binary
from chat.store.private_redis.supervisor import PrivateRedisError, free_port
from scripts.environment import environ

CHECKOUT = Path(__file__).resolve().parent.parent
PEERS = CHECKOUT / "bench" / "peers"
GUNICORN = str(Path(sys.executable).with_name("gunicorn"))
SECRET = "a secret for benchmarks alone, of no use to anybody"
MOST_CONNECTIONS = 10_000
START_WITHIN = 30.0
WATCHED = 10_000
"""Commands of which a watched Redis keeps how long each took."""
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


class ProcessError(RuntimeError):
    """A process that could not be started, or ended by itself. Its text says which, and what it printed."""


def prepare() -> int:
    """Pin this process to the core of the load, and return how many files it and its children may have open."""
    os.sched_setaffinity(0, {LOAD_CORE})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 1_000_000 if hard == resource.RLIM_INFINITY else hard


def redis_version() -> str:
    """The version of the Redis that is measured with.

    Raises:
        ProcessError: there is none.
    """
    with Redis() as started:
        return str(started.client.info("server")["redis_version"])


class Process:
    """A command with an environment of its own, pinned to a core, and what it printed.

    Raises:
        ProcessError: it ended, or does not answer within `START_WITHIN` seconds.
    """

    def __init__(self, name: str, command: list[str], core: int, cwd: Path, **settings: str) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="chat-bench-")
        self.folder = Path(self._folder.name)
        before = os.sched_getaffinity(0)
        # Inherited from the first instruction on, by all threads: pinned from outside, those that are there would stay.
        os.sched_setaffinity(0, {core})
        try:
            with (self.folder / "log").open("wb") as log:
                self._popen = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=environ(CHAT_INSTANCE=str(self.folder)) | settings,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except FileNotFoundError:
            self._folder.cleanup()
            raise ProcessError(f"{name} cannot be started: there is no {command[0]}") from None
        finally:
            os.sched_setaffinity(0, before)
        self._process = psutil.Process(self._popen.pid)

    @property
    def log(self) -> str:
        """All that it printed so far."""
        return (self.folder / "log").read_text(errors="replace")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_WITHIN
        while not condition():
            if self._popen.poll() is not None:
                raise ProcessError(f"{self.name} ended with status {self._popen.returncode}: {self.log[-2000:]}")
            if time.monotonic() > deadline:
                self.stop()
                raise ProcessError(f"{self.name} does not answer after {START_WITHIN:.0f} s")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, and then its children: there is nothing to keep, and an orderly end takes seconds."""
        for each in self._family():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._popen.wait()
        self._folder.cleanup()

    def cpu(self) -> float:
        """Seconds of CPU time, user and system, that it and its children used so far."""
        times = [each.cpu_times() for each in self._family()]
        return sum(each.user + each.system for each in times)

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Redis(Process):
    """A Redis of the benchmark's own, in memory alone."""

    def __init__(self) -> None:
        try:
            server = binary()
        except PrivateRedisError as error:
            raise ProcessError(str(error)) from None
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        super().__init__("redis-server", [server, *options], LOAD_CORE, CHECKOUT)
        self.client = redis.Redis.from_url(self.url)
        self.wait_until(self._answers)

    def round_trips(self) -> int:
        """Requests read from clients so far: however many commands, what a client sends at once counts once."""
        return int(self.client.info("stats")["total_reads_processed"])

    def memory(self) -> int:
        """Bytes that its data takes, and what it needs for it."""
        return int(self.client.info("memory")["used_memory"])

    def watch(self) -> None:
        """Keep from now on how long each command takes, for `took`."""
        self.client.config_set("slowlog-max-len", WATCHED)
        self.client.config_set("slowlog-log-slower-than", 0)
        self.client.slowlog_reset()

    def took(self, *words: str) -> list[float]:
        """The seconds that each of the last `WATCHED` commands took that has all these words in it."""
        found = self.client.slowlog_get(WATCHED)
        return [each["duration"] / 1e6 for each in found if all(word.encode() in each["command"] for word in words)]

    def stop(self) -> None:
        """Close the connection, and end it."""
        self.client.close()
        super().stop()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError):
            return False


class Server(Process):
    """A server of one kind ("chat", "node" or "stock") at a Redis, with `settings` in its environment."""

    def __init__(
        self, kind: str, at: Redis, *, workers: int = 1, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.kind = kind
        self.port = free_port()
        command, cwd = {
            "chat": ([GUNICORN, "app:app"], CHECKOUT),
            "node": (["node", "socketio-node.mjs"], PEERS),
            # Not in the checkout, where gunicorn would find the chat's own configuration.
            "stock": ([GUNICORN, *self._stock_options(workers), "stock:app"], PEERS),
        }[kind]
        environ = dict(settings) | {
            "PORT": str(self.port),
            "REDIS_URL": at.url,
            "SECRET_KEY": SECRET,
            "WEB_CONCURRENCY": str(workers),
            "CHAT_RATE_LIMIT": "off",
            "CHAT_MAX_CONNECTIONS": str(MOST_CONNECTIONS + 100),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        super().__init__(kind, command, SERVER_CORE, cwd, **environ)
        self.wait_until(self._answers)
        self._workers = 0 if kind == "node" else workers
        self.wait_until(lambda: len(self._serving()) >= max(1, self._workers))

    def memory(self) -> int:
        """Bytes of resident memory of the processes that serve."""
        return sum(each.memory_info().rss for each in self._serving())

    def worker_pids(self) -> list[int]:
        """The processes that serve."""
        return [each.pid for each in self._serving()]

    def connections(self) -> list[int]:
        """How many connections each of the processes that serve has."""
        return [
            sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == self.port for each in found)
            for found in (process.net_connections("tcp4") for process in self._serving())
        ]

    def _serving(self) -> list[psutil.Process]:
        return self._process.children() if self._workers else [self._process]

    def _stock_options(self, workers: int) -> list[str]:
        at = f"127.0.0.1:{self.port}"
        connections = str(MOST_CONNECTIONS + 100)
        return ["--worker-class", "eventlet", "--workers", str(workers), "--worker-connections", connections, "-b", at]

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True


class Blast(Process):
    """The server that measures the load itself."""

    def __init__(self, clients: int) -> None:
        self.port = free_port()
        command = [sys.executable, "blast.py"]
        super().__init__("blast", command, SERVER_CORE, PEERS, PORT=str(self.port), CLIENTS=str(clients))
        self.wait_until(lambda: "ready" in self.log)
