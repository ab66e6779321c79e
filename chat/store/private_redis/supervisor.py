"""The supervisor of a private Redis: starts it, starts another when it crashes, and stops it with its last user.

A program of its own, which needs nothing of the chat nor of its packages. Files in the directory are locked with flock,
because the kernel lifts such a lock however a process ends:

    users.lock   shared by all processes that use this Redis: when the supervisor gets it alone, nobody is left
    start.lock   held while Redis is started, by a user that found no supervisor or by the supervisor after a crash
    keeper.lock  held by the supervisor
    data.lock    held by the supervisor and inherited by redis-server, so that two never write the same files
"""

import ctypes
import fcntl
import os
import random
import re
import secrets
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

# Seconds that a redis-server gets to write what it holds.
STOP_WITHIN = 10
# Seconds before each attempt to replace a crashed redis-server.
RESTART_PAUSES = (0, 1, 2, 4, 8)
# Below those that systems give to outgoing connections: a client that reconnects to such a port while nobody listens
# there can be given that very port, and then talks to itself and keeps redis-server from coming back.
PORTS = range(20_000, 32_768)

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


class PrivateRedisError(RuntimeError):
    """The private Redis cannot be had. Its text says what to install, set or do."""


class Supervisor:
    """Starts redis-server in a directory, replaces it when it crashes, and stops it when its last user is gone."""

    def __init__(self, directory: Path, binary: str) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._log = directory / "redis.log"
        self._binary = binary
        self._redis: subprocess.Popen[bytes] | None = None
        self._lock = lock(directory / "keeper.lock", fcntl.LOCK_EX)

    def take_over(self) -> None:
        """Return when Redis answers."""
        self._data.mkdir(exist_ok=True)
        self._log.write_bytes(b"")
        self._data_lock = self._own_data()
        self._check_version()
        self._port = free_port(read(self._directory / "port"))
        self._password = read(self._directory / "password") or secrets.token_urlsafe(32)
        _write(self._directory / "port", str(self._port))
        _write(self._directory / "password", self._password)
        self._start()
        # Which ends the report that the starter waits for.
        with self._log.open("ab") as log:
            os.dup2(log.fileno(), sys.stdout.fileno())
            os.dup2(log.fileno(), sys.stderr.fileno())

    def watch(self) -> None:
        """Replace each redis-server that crashes. Ends by a signal."""
        while self._redis:
            status = self._redis.wait()
            print(f"redis-server ended with status {status}: starting another", flush=True)
            start = lock(self._directory / "start.lock", fcntl.LOCK_EX)
            self._replace()
            os.close(start)

    def stop(self) -> None:
        """Stop redis-server, if it runs, and cease to be the supervisor."""
        if self._redis:
            self._redis.terminate()
            try:
                self._redis.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._redis.kill()
                self._redis.wait()
        # Before the end of this process lifts users.lock: whoever waits for that then starts another supervisor.
        os.close(self._lock)

    def _own_data(self) -> int:
        """Lock the data, once the redis-server of a supervisor that was killed has let go of it."""
        path = self._directory / "data.lock"
        if is_locked(path):
            with suppress(OSError):
                _ask(int(read(self._directory / "port")), read(self._directory / "password"), "SHUTDOWN")
        signal.signal(signal.SIGALRM, self._despair)
        signal.alarm(STOP_WITHIN)
        held = lock(path, fcntl.LOCK_EX)
        signal.alarm(0)
        return held

    def _despair(self, signum: int, frame: FrameType | None) -> None:
        raise PrivateRedisError(f"The redis-server of an earlier run still uses {self._data}: end that process.")

    def _check_version(self) -> None:
        """Refuse the data of a newer Redis: an older one may overlook it, and start empty."""
        output = subprocess.run([self._binary, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        match = re.search(r"\bv=(\d+)\.(\d+)", output)
        version = (int(match[1]), int(match[2])) if match else (0, 0)
        record = self._directory / "version"
        written_by = read(record)
        if written_by and version < tuple(int(part) for part in written_by.split(".")):
            raise PrivateRedisError(
                f"The data in {self._data} is of Redis {written_by}, but {self._binary} is older: "
                f"install Redis {written_by} or newer, or set REDIS_URL."
            )
        _write(record, "{}.{}".format(*version))

    def _start(self) -> None:
        """Start redis-server, and return when it answers."""
        supervisor = os.getpid()
        with self._log.open("ab") as log:
            self._redis = subprocess.Popen(
                [self._binary, "-"],
                cwd=self._data,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(self._data_lock,),
                preexec_fn=lambda: _end_with(supervisor),
            )
        # Not as arguments, which everybody on the machine can read.
        with suppress(BrokenPipeError), cast(IO[bytes], self._redis.stdin) as stdin:
            stdin.write(SETTINGS.format(port=self._port, password=self._password).encode())
        while not _answers(self._port, self._password):
            if self._redis.poll() is not None:
                last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise PrivateRedisError(f"{self._binary} did not start; {self._log} ends with: {last}")
            time.sleep(0.01)

    def _replace(self) -> None:
        for pause in RESTART_PAUSES:
            time.sleep(pause)
            try:
                self._start()
            except PrivateRedisError as error:
                print(error, flush=True)
            else:
                return
        raise PrivateRedisError("redis-server does not start any more")


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


def free_port(preferred: str = "") -> int:
    """A port of this machine that nothing listens on: the preferred one, if it is free."""
    for port in [int(preferred or 0), *random.sample(PORTS, 100)]:
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port:
                return port
    raise PrivateRedisError("No port of 127.0.0.1 is free for the private Redis: set REDIS_URL.")


def lock(path: Path, how: int) -> int:
    """Lock a file until the descriptor that this returns is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock of a file."""
    try:
        os.close(lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def read(path: Path) -> str:
    """What is in a file, or nothing if there is none."""
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
    lock(directory / "users.lock", fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGTERM)


def _main(directory: Path, binary: str, start: int) -> None:
    """Supervise the Redis of `directory`. The process that started this raises what is printed before Redis answers."""
    if os.fork():
        # The supervisor is an orphan, so that no user has to wait for its end.
        os._exit(0)
    os.umask(0o077)
    supervisor = Supervisor(directory, binary)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        supervisor.take_over()
        os.close(start)
        threading.Thread(target=_leave_after_last_user, args=(directory,), daemon=True).start()
        supervisor.watch()
    except PrivateRedisError as error:
        print(error, flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.stop()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
