"""Which host names the chat answers to.

A page of a name that is made to point to this machine's address (DNS rebinding) is of the chat's own origin, as its
browser sees it. Such a name is one that somebody can point anywhere: no address, and no name of this machine's own.
"""

import html
import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

from chat.config import Config
from chat.domain.limits.addresses import is_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A name or an address, and a port (RFC 9110, section 7.2).
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
PORTS = {"http": "80", "https": "443"}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not the name of this chat</title>
<h1>This is not a name of this chat.</h1>
<p>{}</p>
</html>
"""


class Hosts:
    """The names of one chat: those of `CHAT_HOSTS` and of `CHAT_ALLOWED_ORIGINS`, this machine's, and all addresses."""

    def __init__(self, config: Config) -> None:
        machine = socket.gethostname().lower()
        short = machine.partition(".")[0]
        origins = [urlsplit(origin).hostname or "" for origin in config.allowed_origins]
        named = [entry.rpartition(":") if re.search(r":\d+$", entry) else (entry, "", "") for entry in config.hosts]
        self._names = {(name, port) for name, _, port in named if name[0] != "."}
        self._names |= {(name, "") for name in ("localhost", machine, short, f"{short}.local", *origins)}
        self._above = [(name, port) for name, _, port in named if name[0] == "."]
        self._any = config.any_host
        self._any_beyond_loopback = config.any_host_beyond_loopback

    def answers(self, environ: "WSGIEnvironment") -> bool:
        """Whether a request asks for this chat by one of its names. A request that names no host is no browser's."""
        host = environ.get("HTTP_HOST", "")
        if not host:
            return True
        parts = HOST.fullmatch(host)
        if parts is None:
            return False
        name = parts[1].lower().removesuffix(".")
        port = parts[2] or PORTS.get(environ["wsgi.url_scheme"], "")
        return (
            _is_address(name)
            or name.endswith(".localhost")
            or not self._names.isdisjoint({(name, ""), (name, port)})
            or any(f".{name}".endswith(above) and wanted in ("", port) for above, wanted in self._above)
            or self._any
            or (self._any_beyond_loopback and not is_loopback(str(environ.get("SERVER_NAME", ""))))
        )


def init_app(app: Flask, config: Config) -> None:
    """Refuse requests for another name: pages, files and handshakes alike.

    Behind `chat.web.proxies`, so that the name is the one that a trusted proxy was asked for.
    """
    app.wsgi_app = _Guard(app.wsgi_app, Hosts(config))  # type: ignore[method-assign]


class _Guard:
    def __init__(self, app: "WSGIApplication", hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if self._hosts.answers(environ):
            return self._app(environ, start_response)
        asked = environ["HTTP_HOST"][:100].encode("ascii", "backslashreplace").decode()
        said = f"This chat does not answer to {asked}. If that is one of its names, put it into the setting CHAT_HOSTS."
        page = "text/html" in environ.get("HTTP_ACCEPT", "")
        body = (PAGE.format(html.escape(said)) if page else f"{said}\n").encode()
        kind = f"text/{'html' if page else 'plain'}; charset=utf-8"
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response("421 Misdirected Request", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def is_loopback_name(host: str) -> bool:
    """Whether a host, with or without a port, is this machine for whoever asks."""
    parts = HOST.fullmatch(host)
    name = parts[1].lower().removesuffix(".").strip("[]") if parts else ""
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
