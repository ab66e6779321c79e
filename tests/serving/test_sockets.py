"""Serving on a Unix socket, behind a proxy on the same machine."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.servers import BIN, SECRET, Server
from tests.support.waiting import eventually

ONE = "Everybody who comes by a Unix socket counts as one address. Set CHAT_TRUSTED_PROXIES to the number of proxies"


class UnixServer(Server):
    """The chat on a Unix socket."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.path = str(folder / "chat.sock")
        command = [str(BIN / "gunicorn"), "--bind", f"unix:{self.path}", "app:app"]
        super().__init__(folder, command=command, SECRET_KEY=SECRET, WEB_CONCURRENCY="1", **settings)

    def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        """The status, text and headers of an answer."""
        with closing(http.client.HTTPConnection("chat.example")) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(10)
            connection.sock.connect(self.path)
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())

    def answers(self) -> bool:
        """Whether it can serve."""
        assert self.popen.poll() is None, f"the server ended: {self.log}"
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False


@pytest.fixture
def on_a_socket(tmp_path: Path, redis_url: str) -> Iterator[Callable[..., UnixServer]]:
    """Starts servers on Unix sockets."""
    started: list[UnixServer] = []

    def start(**settings: str) -> UnixServer:
        started.append(UnixServer(tmp_path / f"unix{len(started)}", REDIS_URL=redis_url, **settings))
        started[-1].started()
        return started[-1]

    yield start
    for each in started:
        each.stop()


def test_a_socket_without_a_trusted_proxy_is_told_of_and_believes_nobody(
    on_a_socket: Callable[..., UnixServer],
) -> None:
    server = on_a_socket()
    eventually(lambda: f"is at unix:{server.path}" in server.log or f"is at {server.path}" in server.log)
    assert server.log.count(ONE) == 1, server.log
    for header in ("X_Forwarded_Proto", "X_Forwarded_Protocol", "X_Forwarded_Ssl"):
        said = "on" if header == "X_Forwarded_Ssl" else "https" if header == "X_Forwarded_Proto" else "ssl"
        status, _, headers = server.get("/", **{header: said})
        assert status == 200
        # What the chat says over TLS alone: gunicorn would believe whoever reaches the socket.
        assert "Strict-Transport-Security" not in headers
        assert "secure" not in headers["Set-Cookie"].lower()


def test_a_trusted_proxy_at_a_socket_is_believed_and_nothing_is_told(on_a_socket: Callable[..., UnixServer]) -> None:
    server = on_a_socket(CHAT_TRUSTED_PROXIES="1")
    status, _, headers = server.get("/", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.1")
    assert status == 200
    assert "Strict-Transport-Security" in headers
    assert "secure" in headers["Set-Cookie"].lower()
    assert ONE not in server.log
