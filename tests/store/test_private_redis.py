"""The checkout's own Redis: started, shared, replaced, and stopped with its last user."""

import fcntl
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

from chat.store import private_redis
from chat.store.private_redis import supervisor
from chat.store.private_redis.supervisor import PrivateRedisError
from tests.support.servers import CHECKOUT
from tests.support.waiting import eventually

USER = """
import pathlib, sys
from chat.store.private_redis import use
print(use(pathlib.Path(sys.argv[1])), flush=True)
input()
"""
GREEN_USER = f"import eventlet; eventlet.monkey_patch()\n{USER}"
FORKED_USER = USER.replace("input()", "import os; input() if os.fork() == 0 else os._exit(0)")


class User:
    """A process that uses the Redis of a directory until it is told to end."""

    def __init__(self, directory: Path, program: str = USER, path: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(directory)],
            cwd=CHECKOUT,
            env=os.environ | {"PATH": path + os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._url = ""

    @property
    def url(self) -> str:
        """What `use` returned."""
        if not self._url:
            assert self.process.stdout is not None
            self._url = self.process.stdout.readline().strip()
        return self._url

    @property
    def redis(self) -> redis.Redis:
        """A client of the server."""
        assert self.url
        return redis.Redis.from_url(self.url, decode_responses=True)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End the process."""
        self.process.send_signal(number)
        self.process.communicate(timeout=10)


Start = Callable[..., User]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the server keeps what it has."""
    return tmp_path / "a place" / "redis"


@pytest.fixture
def user(directory: Path) -> Iterator[Start]:
    """Starts users of the directory, which end with the test."""
    users: list[User] = []

    def start(*args: str, **options: str) -> User:
        users.append(User(directory, *args, **options))
        return users[-1]

    yield start
    for each in users:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)
    eventually(lambda: not servers(directory) and not supervisors(directory), what="all ended with the last user")


def servers(directory: Path) -> list[psutil.Process]:
    """The redis-servers of a directory."""
    return working_in(directory / "data")


def supervisors(directory: Path) -> list[psutil.Process]:
    """The supervisors of a directory."""
    return working_in(directory)


def working_in(folder: Path) -> list[psutil.Process]:
    """The processes whose working directory this is."""
    return [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(folder)]


def waits_for_a_lock(process: psutil.Process) -> bool:
    """Whether a process is blocked until somebody else lifts a lock."""
    locks = Path("/proc/locks").read_text().splitlines()
    return any("-> FLOCK" in line and f" {process.pid} " in line for line in locks)


def answers(client: redis.Redis) -> bool:
    """Whether the server answers."""
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_two_processes_share_one_server_until_the_last_is_gone(user: Start, directory: Path) -> None:
    first, second = user(), user()
    assert first.url == second.url
    first.redis.set("said", "hello")
    first.end()
    assert second.redis.get("said") == "hello"
    assert len(servers(directory)) == 1
    second.end()
    eventually(lambda: not servers(directory) and not supervisors(directory), what="both ended")


def test_a_killed_user_is_gone_too(user: Start, directory: Path) -> None:
    one = user()
    assert answers(one.redis)
    one.end(signal.SIGKILL)
    eventually(lambda: not servers(directory) and not supervisors(directory), what="both ended")


def test_a_forked_child_holds_on(user: Start, directory: Path) -> None:
    one = user(FORKED_USER)
    assert one.url
    assert one.process.wait(5) == 0
    # Which the supervisor would hold alone if nobody else did.
    os.close(supervisor.lock(directory / "users.lock", fcntl.LOCK_SH | fcntl.LOCK_NB))
    assert answers(one.redis)
    one.process.communicate("go\n", timeout=5)


def test_a_user_patched_by_eventlet_is_like_any_other(user: Start) -> None:
    one, other = user(GREEN_USER), user()
    assert answers(one.redis)
    assert one.url == other.url


def test_ten_that_start_at_once_get_one_server(user: Start, directory: Path) -> None:
    users = [user() for _ in range(10)]
    assert len({each.url for each in users}) == 1
    assert len(servers(directory)) == 1
    assert len(supervisors(directory)) == 1


def test_what_was_said_is_there_after_a_restart(user: Start) -> None:
    first = user()
    first.redis.set("said", "hello")
    first.end()
    # At once: the supervisor may still be stopping.
    again = user()
    assert again.redis.get("said") == "hello"
    assert again.url == first.url


def test_a_crashed_server_is_replaced_at_the_same_address_with_its_data(user: Start, directory: Path) -> None:
    one = user()
    for greeting in ("hello", "hello again", "still here"):
        one.redis.set("said", greeting)
        (crashed,) = servers(directory)
        crashed.kill()
        crashed.wait(5)
        eventually(lambda: answers(one.redis), what="another answers")
        assert one.redis.get("said") == greeting
    assert len(supervisors(directory)) == 1


def test_a_killed_supervisor_takes_its_server_along_and_the_next_has_the_data(user: Start, directory: Path) -> None:
    one = user()
    one.redis.set("said", "hello")
    (supervisor,) = supervisors(directory)
    supervisor.kill()
    eventually(lambda: not servers(directory), what="the server ended with its supervisor")
    again = user()
    assert again.redis.get("said") == "hello"
    assert again.url == one.url
    assert one.redis.get("said") == "hello"


def test_the_next_server_waits_for_one_that_is_slow_to_end(user: Start, directory: Path) -> None:
    one = user()
    one.redis.set("said", "hello")
    (supervisor,), (slow,) = supervisors(directory), servers(directory)
    slow.suspend()
    supervisor.kill()
    again = user()
    eventually(lambda: any(waits_for_a_lock(each) for each in supervisors(directory)), what="the next supervisor waits")
    assert servers(directory) == [slow]
    slow.resume()
    assert again.redis.get("said") == "hello"
    assert again.url == one.url


def test_a_server_that_nobody_told_to_end_is_told(user: Start, directory: Path) -> None:
    one = user()
    assert answers(one.redis)
    one.end()
    eventually(lambda: not supervisors(directory))
    # As the supervisor starts it, but for the kernel's promise to end it with its parent.
    lock = os.open(directory / "data.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    settings = supervisor.SETTINGS.format(
        port=(directory / "port").read_text(), password=(directory / "password").read_text()
    )
    orphan = subprocess.Popen(
        [private_redis.binary(), "-"],
        cwd=directory / "data",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[lock],
        text=True,
    )
    os.close(lock)
    assert orphan.stdin is not None
    with orphan.stdin as stdin:
        stdin.write(settings)
    eventually(lambda: answers(one.redis))
    one.redis.set("said", "to the orphan")

    again = user()
    assert again.redis.get("said") == "to the orphan"
    assert orphan.wait(5) == 0


def test_using_it_again_brings_back_what_is_gone(user: Start, directory: Path) -> None:
    one = user(USER.replace("input()", "input(); print(use(pathlib.Path(sys.argv[1])), flush=True); input()"))
    first = one.url
    (supervisor,) = supervisors(directory)
    supervisor.kill()
    eventually(lambda: not servers(directory))
    assert one.process.stdin is not None and one.process.stdout is not None
    one.process.stdin.write("again\n")
    one.process.stdin.flush()
    assert one.process.stdout.readline().strip() == first
    assert answers(one.redis)


def test_the_redis_of_the_machine_comes_first_and_is_not_told_the_password_as_an_argument(
    user: Start, tmp_path: Path
) -> None:
    own = tmp_path / "bin" / "redis-server"
    own.parent.mkdir()
    own.write_text(f'#!/bin/sh\necho "$@" >>{own}.log\nexec {private_redis.binary()} "$@"\n')
    own.chmod(0o755)
    assert answers(user(path=f"{own.parent}:").redis)
    assert own.with_suffix(".log").read_text().split() == ["--version", "-"]


def test_only_its_owner_can_read_the_password(user: Start, directory: Path) -> None:
    one = user()
    assert one.url
    password = (directory / "password").read_text()
    assert f":{password}@127.0.0.1:" in one.url
    assert len(password) >= 43
    for process in psutil.process_iter(["cmdline", "environ"]):
        assert password not in str(process.info)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir() if each.is_file()} == {0o600}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(one.url.replace(password, "guess")).ping()


def test_it_is_set_to_lose_nothing_and_to_listen_to_this_machine_alone(user: Start) -> None:
    client = user().redis
    assert client.config_get("bind") == {"bind": "127.0.0.1"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert client.config_get("save") == {"save": ""}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_without_a_binary_one_sentence_says_what_to_do(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(
        PrivateRedisError, match=r"^No redis-server was found on PATH .*: install Redis, or set REDIS_URL"
    ):
        private_redis.use(directory)


def test_the_data_of_a_newer_redis_is_refused(user: Start, directory: Path) -> None:
    one = user()
    one.redis.set("said", "hello")
    one.end()
    eventually(lambda: not supervisors(directory))
    (directory / "version").write_text("99.0")
    with pytest.raises(PrivateRedisError, match=r"is of Redis 99\.0, but .* is older: install Redis 99\.0 or newer"):
        private_redis.use(directory)


def test_a_server_that_does_not_start_says_why(directory: Path) -> None:
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "appendonly.aof").write_text("what is this")
    with pytest.raises(PrivateRedisError, match=r"did not start; .*redis\.log ends with: .*Bad file format"):
        private_redis.use(directory)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PrivateRedisError, match=r"cannot use .*file/redis .*: make it writable, or set REDIS_URL\.$"):
        private_redis.use(tmp_path / "file" / "redis")
