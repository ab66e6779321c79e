"""The checkout's own Redis: started, shared, replaced, and stopped with its last user."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from chat.store import embedded
from chat.store.embedded import EmbeddedRedisError
from tests.support.servers import CHECKOUT
from tests.support.waiting import eventually

USER = "import sys, pathlib; from chat.store import embedded; print(embedded.hold(pathlib.Path(sys.argv[1])), flush=True); input()"


class User:
    """A process that holds the Redis of a directory until it is told to end."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(directory)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._url = ""

    @property
    def url(self) -> str:
        """What `hold` returned."""
        if not self._url:
            assert self.process.stdout is not None
            self._url = self.process.stdout.readline().strip()
        return self._url

    @property
    def redis(self) -> redis.Redis:
        """A client of the server."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End the process."""
        self.process.send_signal(number)
        self.process.communicate(timeout=10)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Callable[[], User]]:
    """Starts users of one directory, which end with the test."""
    users: list[User] = []

    def start() -> User:
        users.append(User(tmp_path / "redis"))
        return users[-1]

    yield start
    for each in users:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)
    eventually(lambda: not servers(tmp_path), what="the server stopped with its last user")


def servers(directory: Path) -> list[psutil.Process]:
    """The `redis-server` processes of a directory."""
    mine = str(directory)
    return [
        each for each in psutil.process_iter(["name"]) if each.info["name"] == "redis-server" and mine in said(each)
    ]


def keepers(directory: Path) -> list[psutil.Process]:
    """The keepers of a directory."""
    return [
        each for each in psutil.process_iter() if "chat.store.embedded" in said(each) and str(directory) in said(each)
    ]


def said(process: psutil.Process) -> str:
    """A process's command line, and where it keeps its settings."""
    try:
        return " ".join([*process.cmdline(), process.cwd()])
    except psutil.Error:
        return ""


def answers(client: redis.Redis) -> bool:
    """Whether the server answers."""
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_two_processes_share_one_server_until_the_last_is_gone(user: Callable[[], User], tmp_path: Path) -> None:
    first, second = user(), user()
    assert first.url == second.url
    first.redis.set("said", "hello")
    first.end()
    assert second.redis.get("said") == "hello"
    second.end(signal.SIGKILL)
    eventually(lambda: not servers(tmp_path) and not keepers(tmp_path), what="both ended")


def test_ten_that_start_at_once_get_one_server(user: Callable[[], User], tmp_path: Path) -> None:
    users = [user() for _ in range(10)]
    assert len({each.url for each in users}) == 1
    assert len(servers(tmp_path)) == 1


def test_what_was_said_is_there_after_a_restart(user: Callable[[], User], tmp_path: Path) -> None:
    first = user()
    first.redis.set("said", "hello")
    first.end()
    # At once: the keeper may still be shutting down.
    again = user()
    assert again.redis.get("said") == "hello"
    assert again.url == first.url


def test_a_crashed_server_is_replaced_at_the_same_address(user: Callable[[], User], tmp_path: Path) -> None:
    one = user()
    one.redis.set("said", "hello")
    eventually(lambda: one.redis.info("persistence")["aof_last_write_status"] == "ok")
    (crashed,) = servers(tmp_path)
    crashed.kill()
    eventually(lambda: any(each.pid != crashed.pid for each in servers(tmp_path)))
    eventually(lambda: answers(one.redis))
    assert one.redis.get("said") == "hello"


def test_a_killed_keeper_takes_its_server_along_and_the_next_one_has_the_data(
    user: Callable[[], User], tmp_path: Path
) -> None:
    one = user()
    one.redis.set("said", "hello")
    (keeper,) = keepers(tmp_path)
    keeper.kill()
    eventually(lambda: not servers(tmp_path), what="the server ended with its keeper")
    assert user().redis.get("said") == "hello"


def test_a_server_that_outlived_its_keeper_is_ended_before_another_starts(
    user: Callable[[], User], tmp_path: Path
) -> None:
    one = user()
    assert answers(one.redis)
    one.end()
    eventually(lambda: not keepers(tmp_path))
    orphan = subprocess.Popen([embedded._binary(), str(tmp_path / "redis" / "redis.conf")], stdin=subprocess.DEVNULL)
    eventually(lambda: answers(one.redis))
    one.redis.set("said", "to the orphan")
    again = user()
    assert again.redis.get("said") == "to the orphan"
    assert orphan.wait(5) == 0


def test_the_password_is_nobody_elses(user: Callable[[], User], tmp_path: Path) -> None:
    one = user()
    folder = tmp_path / "redis"
    password = json.loads((folder / "state.json").read_text() if one.url else "{}")["password"]
    assert len(password) == 64
    for process in servers(tmp_path) + keepers(tmp_path):
        assert password not in " ".join(process.cmdline())
    for name in ("state.json", "redis.conf"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(one.url.replace(password, "guess")).ping()
    assert one.redis.config_get("appendonly") == {"appendonly": "yes"}
    assert one.redis.config_get("bind") == {"bind": "127.0.0.1"}


def test_without_a_binary_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedRedisError, match=r"^No redis-server is on the PATH.*install Redis.*or set REDIS_URL"):
        embedded.hold(tmp_path / "redis")


def test_data_of_a_newer_redis_is_not_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "redis-server"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\necho "Redis server v=6.2.14 sha=0"\n')
    old.chmod(0o755)
    (tmp_path / "redis" / "data" / "appendonlydir").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(EmbeddedRedisError, match=r"was written by Redis 7 or later"):
        embedded.hold(tmp_path / "redis")


def test_holding_again_is_the_same(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    (directory,) = [folder for folder, (url, _) in embedded._held.items() if url == redis_url]
    assert embedded.hold(directory) == redis_url
