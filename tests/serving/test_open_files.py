"""The files that a worker may open: there are never more clients than fit, and one that meets the limit lives on."""

import resource
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chat.serving import open_files
from tests.support.clients import PythonClient, unique
from tests.support.servers import BIN, SECRET, Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

FEW = 300
Start = Callable[..., Server]


@pytest.fixture
def start_with(tmp_path: Path, redis_url: str) -> Iterator[Start]:
    """Starts the chat, with one worker, where so many files may be open."""
    started: list[Server] = []

    def start(limit: int, **settings: str) -> Server:
        command = ["sh", "-c", f"ulimit -n {limit}; exec {BIN / 'gunicorn'} app:app"]
        given = {"REDIS_URL": redis_url, "SECRET_KEY": SECRET, "CHAT_RATE_LIMIT": "off"} | settings
        started.append(Server(tmp_path / f"server{len(started)}", command=command, workers=1, **given))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def healthy(server: Server) -> bool:
    """Whether the worker answers at once."""
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)


@pytest.mark.parametrize("limit", [open_files.LEAST, 256, 300, 1024, 4096, 10_991, 10_992, 20_000, 1_000_000])
@pytest.mark.parametrize("wanted", [1, 40, 10_000, 1_000_000])
def test_all_places_together_fit(limit: int, wanted: int) -> None:
    places = open_files.places(wanted, limit)
    assert places.files <= limit
    assert 0 < places.live <= wanted and 0 < places.requests <= open_files.REQUESTS


def test_where_there_are_enough_files_all_places_are_there() -> None:
    needed = open_files.Places(10_000, open_files.REQUESTS).files
    assert open_files.places(10_000, needed) == (10_000, open_files.REQUESTS)
    assert open_files.places(10_000, needed - 1).live == 9_999


def test_more_connections_than_files_leave_a_worker_that_answers(start_with: Start) -> None:
    server = start_with(FEW).started()
    assert f"Only {FEW} files may be open (`ulimit -Hn`)" in server.log
    with ExitStack() as opened:
        first, *_ = [
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 20)) for _ in range(2 * FEW)
        ]
        # Until the first is closed, as it asks for nothing, all that fit are in hand.
        assert first.recv(1) == b""
    assert eventually(lambda: healthy(server))
    client = PythonClient(server.url).named(unique("Ada"))
    client.say("and one can talk")
    client.close()
    assert "Too many open files" not in server.log


def test_a_limit_that_is_met_all_the_same_ends_nothing(start_with: Start) -> None:
    """Something else may hold files, or the whole system may have none left."""
    server = start_with(FEW).started()
    (worker,) = server.worker_pids()
    opened = len(list(Path(f"/proc/{worker}/fd").iterdir()))
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (opened + 10, FEW))
    with ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        eventually(lambda: "Too many open files" in server.log)
    assert eventually(lambda: healthy(server))
    assert server.worker_pids() == [worker]
    assert server.log.count("taking connections failed, and goes on") == 1


def test_too_few_files_for_anybody_stop_the_start_with_a_sentence(start_with: Start) -> None:
    server = start_with(open_files.LEAST - 1)
    assert server.popen.wait(20) != 0
    assert server.log.strip() == (
        f"The chat cannot start: {open_files.LEAST - 1} files may be open (`ulimit -n`), "
        f"but a worker needs {open_files.LEAST} at least."
    )
