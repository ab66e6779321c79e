"""Requests that never end: nobody holds a place by being slow, and a few slow ones never take everybody's."""

import contextlib
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing

import psutil
import pytest

from chat.serving import open_files, requests
from tests.support.servers import SECRET, Server
from tests.support.waiting import eventually
from tests.support.websockets import PlainSocket

pytestmark = pytest.mark.thorough

FORM = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
UNFINISHED = FORM + b"Content-Length: 1000\r\n\r\nname="
ENDLESS = FORM + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def lone_worker(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Server]:
    """The chat with one worker."""
    server = Server(
        tmp_path_factory.mktemp("lone"), workers=1, REDIS_URL=redis_url, SECRET_KEY=SECRET, CHAT_RATE_LIMIT="off"
    ).started()
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


def client(server: Server, said: bytes = b"", *, buffer: int = 0) -> socket.socket:
    """A connection on which this was said."""
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(60)
    made.connect(("127.0.0.1", server.port))
    made.sendall(said)
    return made


def rest(of: socket.socket) -> bytes:
    """All that comes until the end."""
    came = b""
    try:
        while said := of.recv(65536):
            came += said
    except ConnectionResetError:
        pass
    return came


def test_clients_that_are_slow_in_any_way_are_given_up(lone_worker: Server) -> None:
    """All at once: bodies that do not come, or piece by piece and without end, and answers that are not read."""
    asked = b"GET /static/vendor/socket.io.esm.min.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    slow = {
        "silent": (client(lone_worker, UNFINISHED), b""),
        "dripped": (client(lone_worker, UNFINISHED), b"a"),
        "silent chunks": (client(lone_worker, ENDLESS), b""),
        "chunks": (client(lone_worker, ENDLESS), b"1\r\na\r\n"),
        "the size of a chunk": (client(lone_worker, ENDLESS), b"0"),
        "deaf": (client(lone_worker, asked * 200, buffer=4096), b""),
    }
    (worker,) = [psutil.Process(pid) for pid in lone_worker.worker_pids()]
    ports = {each.getsockname()[1]: kind for kind, (each, _) in slow.items()}
    began = time.monotonic()
    seen: set[str] = set()
    ended: dict[str, float] = {}

    def all_ended() -> bool:
        for kind, (each, piece) in slow.items():
            if kind not in ended:
                with contextlib.suppress(OSError):
                    each.sendall(piece)
        found = [each.raddr.port for each in worker.net_connections(kind="tcp") if each.raddr]
        held = {ports[port] for port in found if port in ports}
        seen.update(held)
        for kind in seen - held - ended.keys():
            ended[kind] = time.monotonic() - began
        return ended.keys() == slow.keys()

    eventually(all_ended, within=requests.WRITE_WITHIN + 15, what="all are given up")
    assert ended.pop("deaf") >= requests.WRITE_WITHIN - 2
    assert all(requests.READ_WITHIN - 1 <= seconds <= requests.READ_WITHIN + 8 for seconds in ended.values()), ended
    answer = rest(slow["silent"][0])
    assert answer.startswith(b"HTTP/1.1 408 ") and b"That took too long to arrive." in answer
    for each, _ in slow.values():
        each.close()


def test_unfinished_requests_that_take_every_place_are_those_that_make_room(lone_worker: Server) -> None:
    with ExitStack() as opened:
        for _ in range(open_files.REQUESTS + 100):
            opened.enter_context(closing(client(lone_worker, UNFINISHED)))
        with urllib.request.urlopen(f"{lone_worker.url}/healthz", timeout=requests.READ_WITHIN - 1) as answer:
            assert answer.status == 200
        plain = PlainSocket(lone_worker)
        assert plain.status == 101
        plain.socket.close()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: "], ids=["nothing", "half a head"])
def test_connections_that_ask_for_nothing_make_room_too(lone_worker: Server, said: bytes) -> None:
    with ExitStack() as opened:
        for _ in range(open_files.REQUESTS + 100):
            opened.enter_context(closing(client(lone_worker, said)))
        with urllib.request.urlopen(f"{lone_worker.url}/healthz", timeout=4.5) as answer:
            assert answer.status == 200


def test_a_file_reaches_a_slow_reader_whole(lone_worker: Server) -> None:
    path = "/static/vendor/socket.io.esm.min.js"
    with urllib.request.urlopen(lone_worker.url + path) as answer:
        whole = answer.read()
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    with closing(client(lone_worker, asked, buffer=2048)) as slow:
        came = b""
        while said := slow.recv(512):
            came += said
            time.sleep(0.001)
    assert came.partition(b"\r\n\r\n")[2] == whole


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["X-One: " + "a" * 7_000] * 3, 200),
        (["X-One: " + "a" * 8_000] * 5, 431),
        (["Cookie: " + "a=b; " * 1_600] * 5, 431),
        (["X-One: " + "a" * 8_190], 431),
        ([f"X-{number}: a" for number in range(60)], 200),
        ([f"X-{number}: a" for number in range(70)], 431),
    ],
    ids=["much", "too much", "too many cookies", "too long a field", "many fields", "too many fields"],
)
def test_a_head_is_bounded(lone_worker: Server, lines: list[str], status: int) -> None:
    first = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    asked = "\r\n".join(["GET /healthz HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]).encode()
    for before in (b"", first):
        with closing(client(lone_worker, before)) as asking:
            if before:
                assert asking.recv(4096).startswith(b"HTTP/1.1 200 ")
            asking.sendall(asked)
            assert re.findall(rb"HTTP/1.1 (\d+) ", rest(asking)) == [b"%d" % status]
