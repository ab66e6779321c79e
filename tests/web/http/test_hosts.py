"""The names that the chat answers to, and what every answer says whichever name was asked for."""

import http.client
import socket
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from chat import create_app
from chat.config import Config
from chat.web.http.hosts import Hosts
from tests.support.servers import Server

MACHINE = socket.gethostname().lower().partition(".")[0]


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


def answers(host: str | None, *, bound: str = "127.0.0.1", scheme: str = "http", **settings: object) -> bool:
    """Whether a chat with these settings, bound to this address, answers to the host."""
    environ = {"SERVER_NAME": bound, "wsgi.url_scheme": scheme} | ({} if host is None else {"HTTP_HOST": host})
    return Hosts(Config(**settings)).answers(environ)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:5000", "localhost.", "chat.localhost", "127.0.0.1", "127.8.9.1:80", "[::1]:5000"),
        # An address cannot be made to point elsewhere.
        *("192.168.1.5:5000", "203.0.113.9", "[2001:db8::1]", f"{MACHINE}:5000", f"{MACHINE}.local"),
        # No browser leaves it out.
        *(None, ""),
    ],
)
def test_loopback_names_addresses_and_the_machines_own_name_are_answered(host: str | None) -> None:
    assert answers(host)
    assert answers(host, bound="203.0.113.9", hosts=("chat.example.org",), redis_url="redis://r", trusted_proxies=1)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.test",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "evil.test:5000",
            "xlocalhost",
            "127.1",
            "2130706433",
        ),
        *("localhost@evil.test", "localhost:x", "local host", "[::1", "[::1]x", "localhost:1:2", "localhost/", "évil"),
        "2130706433",
        "localhost, evil.test",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not answers(host)
    assert not answers(host, redis_url="redis://r")
    assert not answers(host, bound="203.0.113.9")
    assert not answers(host, bound="203.0.113.9", hosts=("chat.example.org",), redis_url="redis://r", trusted_proxies=1)


@pytest.mark.parametrize(
    ("host", "scheme", "known"),
    [
        ("chat.example.org", "http", True),
        ("Chat.Example.ORG:8080", "http", True),
        ("chat.example.org.", "http", True),
        ("x.chat.example.org", "http", False),
        ("example.org", "http", False),
        ("port.example", "https", True),
        ("port.example:443", "https", True),
        ("port.example", "http", False),
        ("port.example:8443", "https", False),
        ("below.example", "http", True),
        ("a.b.below.example:1", "http", True),
        ("notbelow.example", "http", False),
        ("page.example:99", "http", True),
    ],
)
def test_the_names_that_are_set_are_answered(host: str, scheme: str, known: bool) -> None:
    named = Config.from_environ(
        {
            "CHAT_HOSTS": "chat.example.org, port.example:443, *.below.example",
            "CHAT_ALLOWED_ORIGINS": "https://page.example:8443",
        }
    )
    settings = {"hosts": named.hosts, "allowed_origins": named.allowed_origins}
    assert answers(host, scheme=scheme, **settings) is known


def test_a_deployment_that_names_none_answers_to_all_and_a_chat_on_loopback_does_not() -> None:
    assert answers("chat.example.org", trusted_proxies=1)
    assert answers("chat.example.org", bound="203.0.113.9", redis_url="redis://r")
    assert answers("chat.example.org", bound="2001:db8::1", redis_url="redis://r")
    assert not answers("chat.example.org", bound="::1", redis_url="redis://r")
    assert not answers("chat.example.org", bound="203.0.113.9")
    # What nobody can mean, not even there.
    assert not answers("chat example", trusted_proxies=1)


def asked(server: Server, path: str, host: str, **headers: str) -> tuple[int, str, http.client.HTTPResponse]:
    """The status, text and headers of an answer to a request for another host."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    line.request("GET", path, headers={"Host": host} | headers)
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, text, answer


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/healthz", "/nowhere", "/rooms//work", SOCKET])
def test_a_page_of_another_name_gets_nothing_of_the_chat(server: Server, path: str) -> None:
    headers = HANDSHAKE | {"Origin": "http://evil.test"} if path == SOCKET else {}
    status, text, answer = asked(server, path, "evil.test", **headers)
    assert status == 421
    assert "does not answer to evil.test" in text and "CHAT_HOSTS" in text
    assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Set-Cookie") is None


def test_a_browser_gets_a_page_that_shows_the_name_as_text(server: Server) -> None:
    status, text, answer = asked(server, "/", "<script>alert(1)</script>", Accept="text/html,*/*")
    assert status == 421
    assert "&lt;script&gt;" in text and "<script" not in text
    assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))


def test_what_a_trusted_proxy_was_asked_for_counts(new_server: Callable[..., Server]) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", CHAT_HOSTS="chat.example.org", workers=1)
    assert asked(server, "/", "evil.test", **{"X-Forwarded-Host": "chat.example.org"})[0] == 200
    assert asked(server, "/", "chat.example.org", **{"X-Forwarded-Host": "evil.test"})[0] == 421
    assert asked(server, "/healthz", "10.0.0.7:5000")[0] == 200


def test_a_deployment_that_sets_nothing_works_and_says_what_to_set(new_server: Callable[..., Server]) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", workers=1)
    assert asked(server, "/", "chat.example.org")[0] == 200
    assert "CHAT_HOSTS is not set" in server.log
    # Redirects lead nowhere else.
    status, _, answer = asked(server, "/rooms//work", "10.0.0.7", **{"X-Forwarded-Host": "evil.test"})
    assert (status, answer.getheader("Location")) == (308, "/rooms/work")


def test_what_a_handshake_is_refused_with_is_as_guarded_as_a_page(server: Server) -> None:
    for path in ("/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=websocket&sid=x", SOCKET):
        status, _, answer = asked(server, path, f"127.0.0.1:{server.port}")
        assert status == 400, path
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))


def headers_of(app: Flask, path: str, base_url: str) -> Headers:
    """The headers of the answer, which is read to its end."""
    with app.test_client().get(path, base_url=base_url) as answer:
        answer.get_data()
        return answer.headers


@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/socket.io/?EIO=4&transport=polling", "/nowhere"])
def test_over_tls_browsers_are_told_to_stay_with_it(app: Flask, path: str) -> None:
    secure = headers_of(app, path, "https://192.0.2.1")
    assert secure.getlist("Strict-Transport-Security") == ["max-age=31536000"]
    assert len(secure.getlist("Content-Security-Policy")) == len(secure.getlist("X-Content-Type-Options")) == 1
    assert "Strict-Transport-Security" not in headers_of(app, path, "http://192.0.2.1")
    # Other programs of this machine speak plain HTTP on other ports.
    assert "Strict-Transport-Security" not in headers_of(app, path, "https://localhost")


@pytest.mark.parametrize(
    ("path", "leads"), [("/rooms//work", "/rooms/work"), ("//rooms//work", "/rooms/work"), ("/rooms", "/")]
)
def test_a_redirect_names_no_host(app: Flask, path: str, leads: str) -> None:
    answer = app.test_client().get("/", base_url="http://192.0.2.1", environ_overrides={"PATH_INFO": path})
    assert (answer.location or "").partition("?")[0] == leads
