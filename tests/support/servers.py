"""Real servers: gunicorn with eventlet workers, as the Procfile starts it."""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil

from chat.store.private_redis import supervisor
from scripts.environment import environ
from tests.support.waiting import eventually

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SECRET = "a secret for tests alone, of no use to anybody"


def free_port() -> int:
    """A port of this machine that nothing listens on, and that no outgoing connection is given meanwhile."""
    return supervisor.free_port()


class Process:
    """A command of the chat's, run in its checkout, with what it printed."""

    def __init__(self, command: list[str], log: Path, **settings: str) -> None:
        self.log_path = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=environ(**settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """All that it printed so far."""
        return self.log_path.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.popen.send_signal(number)

    def stop(self, within: float = 20) -> int:
        """Interrupt it as Ctrl-C does, and wait for its end; return its exit status."""
        if self.popen.poll() is None:
            self.signal(signal.SIGINT)
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise


class Server(Process):
    """The chat, served on a port of its own."""

    def __init__(self, folder: Path, *, command: list[str] | None = None, workers: int = 2, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(
            command or [str(BIN / "gunicorn"), "app:app"],
            folder / "server.log",
            **{
                "PORT": str(self.port),
                "FLASK_RUN_PORT": str(self.port),
                "WEB_CONCURRENCY": str(workers),
                "CHAT_INSTANCE": str(folder / "instance"),
                **settings,
            },
        )

    def started(self) -> "Server":
        """Wait until it answers."""
        eventually(self.answers, within=30, what="the server answers")
        return self

    def answers(self) -> bool:
        """Whether it can serve."""
        assert self.popen.poll() is None, f"the server ended: {self.log}"
        try:
            with urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (HTTPError, URLError, OSError):
            return False

    def worker_pids(self) -> list[int]:
        """The processes that serve."""
        return [child.pid for child in psutil.Process(self.popen.pid).children()]

    def worker_of(self, client_port: int) -> int:
        """The worker at the other end of a client's connection, known by the client's own port."""
        for pid in self.worker_pids():
            for connection in psutil.Process(pid).net_connections(kind="tcp"):
                if connection.raddr and connection.raddr.port == client_port:
                    return pid
        raise AssertionError(f"no worker has a connection from port {client_port}")
