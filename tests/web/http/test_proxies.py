"""Whom a request is counted for, with and without a proxy in front."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask

from chat.config import Config
from chat.domain.limits.addresses import NETWORK
from chat.web.http import proxies


def counted(trusted: int, peer: str, **headers: str) -> str:
    """The network that a request from `peer` with these headers counts as."""
    seen: list[str] = []

    def show(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ[NETWORK])
        return []

    app = Flask(__name__)
    app.wsgi_app = show  # type: ignore[method-assign, assignment]
    proxies.init_app(app, Config(trusted_proxies=trusted))
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "chat.example"} | headers
    app.wsgi_app(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
    return seen[0]


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.5.9", "::1"])
def test_whoever_runs_the_chat_counts_as_nobody(peer: str) -> None:
    assert counted(0, peer) == ""


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"])
def test_behind_a_proxy_that_is_not_trusted_all_count_as_the_proxy(
    header: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("chat"), "propagate", True)
    assert counted(0, "127.0.0.1", **{header: "9.9.9.9"}) == "127.0.0.1"
    assert "CHAT_TRUSTED_PROXIES" in caplog.text


def test_a_trusted_proxy_is_believed_about_the_last_address_alone() -> None:
    assert counted(1, "127.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 9.9.9.9:5021") == "9.9.9.9"


def test_with_a_trusted_proxy_this_machine_is_a_client_like_any_other() -> None:
    assert counted(1, "127.0.0.1") == "127.0.0.1"
    assert counted(1, "127.0.0.1", HTTP_X_FORWARDED_FOR="127.0.0.1") == "127.0.0.1"


def test_all_behind_a_unix_socket_count_as_one() -> None:
    assert counted(0, "") == "unknown"
