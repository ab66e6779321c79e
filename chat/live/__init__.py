"""The live line: Socket.IO wired to the chat. Only this package emits."""

import time

from flask import Flask
from flask_socketio import SocketIO

from chat.config import Config
from chat.domain import Chat, keys
from chat.live import message_queue, origins
from chat.live.connections import EVERYONE
from chat.live.packets import LARGEST, StrictJSON, StrictPacket
from chat.live.worker import Worker
from chat.logs import Lines
from chat.store.connection import Store

# Seconds between two pings of a connection, and within which each is answered.
PING_INTERVAL = 20
PING_TIMEOUT = 15


def init_app(app: Flask, chat: Chat, config: Config, lines: Lines) -> None:
    """Serve Socket.IO beside the pages of `app`, whose `extensions["worker"]` is then the `Worker` of this process."""
    allowed = origins.allowed(config.allowed_origins)
    socketio = SocketIO(
        app,
        message_queue=message_queue.url_of(chat.store.url, config),
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
    app.wsgi_app = origins.guarded(app.wsgi_app, allowed)  # type: ignore[assignment]
    app.extensions["worker"] = Worker(app, socketio, chat, config, lines)


def announce(store: Store, config: Config, text: str) -> None:
    """Say `text` to everyone connected, from a process that serves nobody."""
    url, channel = message_queue.url_of(store.url, config), keys.channel(store.database)
    queue = SocketIO(message_queue=url, channel=channel, json=StrictJSON)
    queue.emit("announcement", {"text": text, "at": int(time.time() * 1000)}, to=EVERYONE)
