"""The live line: Socket.IO wired to the chat. Only this package emits."""

import logging
import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask
from flask_socketio import SocketIO

from chat.config import Config
from chat.domain import Chat, keys
from chat.live import origins
from chat.live.broadcast import Broadcast
from chat.live.connections import Connections
from chat.live.delivery.reader import EVERYONE, Delivery
from chat.live.events import Events
from chat.live.guards import Guards
from chat.live.heartbeat import Heartbeat
from chat.live.message_queue import Listener
from chat.live.packets import LARGEST, StrictJSON, StrictPacket
from chat.live.readiness import Readiness
from chat.live.websocket import Sockets
from chat.store.connection import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
QUEUE_CONNECTIONS = 1000
"""Connections that Flask-SocketIO's queue may open. At redis-py's own limit its manager would replace the connection
under its listener, and hear nothing any more."""
PING_INTERVAL = 20
PING_TIMEOUT = 15


def init_app(app: Flask, chat: Chat, config: Config) -> SocketIO:
    """Serve Socket.IO beside the pages of `app`."""
    allowed = origins.allowed(config.allowed_origins)
    socketio = SocketIO(
        app,
        message_queue=_queue(chat.store.url, config),
        channel=keys.channel(chat.store.database),
        transports=["websocket"],
        cors_allowed_origins=allowed,
        # The events of a connection run one after the other in its reader: in order, and held back by TCP.
        async_handlers=False,
        # Signing out must reach an open connection, so no copy of the session is kept for it.
        manage_session=False,
        serializer=StrictPacket,
        json=StrictJSON,
        max_http_buffer_size=LARGEST,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
    )
    app.wsgi_app = _plain(app.wsgi_app, allowed)  # type: ignore[assignment]
    connections = Connections()

    def restart() -> None:
        app.extensions["restart"]()

    listener = Listener(socketio.server, chat.store, restart)
    line = Sockets(socketio.server, config.max_connections, config.max_backlog, restart)
    line.limit_of_network = config.max_connections_per_address
    engine = Guards(socketio.server, line, config.max_backlog)
    broadcast = Broadcast(socketio, restart)
    delivery = Delivery(socketio, chat, connections, engine, restart)
    app.extensions["line"] = line
    app.extensions["drain"] = engine.drain
    app.extensions["restart"] = lambda: log.warning("only gunicorn starts another worker in its place: not restarting")
    start = _Once(delivery.start, broadcast.start, listener.start, lambda: heartbeat.start())  # noqa: PLW0108 - made below.
    app.extensions["readiness"] = readiness = Readiness(chat, delivery, listener, start)
    heartbeat = Heartbeat(socketio, chat, connections, engine, readiness, restart)
    Events(app, socketio, chat, connections, engine, delivery, broadcast, start)
    return socketio


def announce(store: Store, config: Config, text: str) -> None:
    """Say `text` to everyone connected, from a process that serves nobody."""
    socketio = SocketIO(message_queue=_queue(store.url, config), channel=keys.channel(store.database), json=StrictJSON)
    socketio.emit("announcement", {"text": text, "at": int(time.time() * 1000)}, to=EVERYONE)


class _Once:
    """Starts a worker's tasks with its first connection: a command or a reloader's parent process makes an application
    too, and serves nobody. What could not be started is tried again with the next."""

    def __init__(self, *starts: Callable[[], None]) -> None:
        self._starts = list(starts)
        self._lock = Lock()

    def __call__(self) -> None:
        with self._lock:
            while self._starts:
                self._starts[0]()
                del self._starts[0]


def _queue(url: str, config: Config) -> str:
    """The Redis URL for Flask-SocketIO's message queue, which takes its options from there alone."""
    options = {
        "max_connections": str(QUEUE_CONNECTIONS),
        "socket_timeout": "2",
        "socket_connect_timeout": "2",
        "socket_keepalive": "True",
    }
    if url.startswith("rediss:") and not config.redis_verify:
        options["ssl_cert_reqs"] = "none"
    return f"{url}{'&' if '?' in url else '?'}{urlencode(options)}"


class _Debug:
    """Where eventlet reports each socket that the client closed first: worth a line at debug."""

    def write(self, text: str) -> int:
        """Log what is written, as a file would take it."""
        if text.strip():
            log.debug("websocket: %s", text.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _plain(app: "WSGIApplication", allowed: Callable[[str | None, origins.Environ], bool]) -> "WSGIApplication":
    """Make a WebSocket of eventlet's plain: quiet, and without an answer to offers of per-message compression, which it
    would do once for each recipient of a frame. A page that may not connect is told so in a sentence."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            environ["wsgi.errors"] = _Debug()
            origin = environ.get("HTTP_ORIGIN")
            if origin and not allowed(origin, environ):
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [origins.REFUSAL.encode()]
            if "HTTP_SEC_WEBSOCKET_KEY" not in environ:
                # Else eventlet takes it for one of the drafts of 2010, and fails at it.
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [b"A WebSocket needs a Sec-WebSocket-Key."]
        return app(environ, start_response)

    return serve
