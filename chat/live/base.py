"""What the parts of a worker share."""

import logging
from collections.abc import Callable
from threading import Lock

from flask import Flask
from flask_socketio import SocketIO

from chat import upstreams
from chat.config import Config
from chat.domain import Chat
from chat.live.connections import Connections
from chat.live.stock import Stock
from chat.live.websocket.loop import Loop
from chat.live.websocket.sockets import Sockets
from chat.logs import Lines
from chat.tasks import forever

log = logging.getLogger(__name__)


class Base:
    """The ground that the parts of a worker stand on.

    Attributes:
        starts: what begins with the first who is served.

    Raises:
        chat.upstreams.UpstreamError: another version of a library below is installed.
    """

    def __init__(self, app: Flask, socketio: SocketIO, chat: Chat, config: Config, lines: Lines) -> None:
        self.app = app
        self.socketio = socketio
        self.server = socketio.server
        self.chat = chat
        self.config = config
        self.lines = lines
        upstreams.check("socketio.Server", self.server)
        upstreams.check("socketio.RedisManager", self.server.manager)
        upstreams.check("engineio.Server", self.server.eio)
        upstreams.check("engineio.Server.handlers", self.server.eio.handlers)
        self.connections = Connections()
        self.sockets: Sockets | Stock = Stock(self.server, config.max_backlog)
        self.replace: Callable[[], None] = _stay
        self.starts: list[Callable[[], None]] = []
        self._starting = Lock()

    def serve_on(self, loop: Loop, places: int) -> None:
        """Serve WebSockets on an event loop from now on, at most so many at a time."""
        self.sockets = Sockets(
            self.server,
            self.connections,
            loop,
            limit=places,
            limit_of_network=self.config.max_connections_per_address,
            max_backlog=self.config.max_backlog,
            restart=self.restart,
        )

    def start(self) -> None:
        """Begin what goes on in the background, unless it has begun. What could not begin is tried again next time.

        To be called when somebody is served: a command and a reloader's parent process make an application too.
        """
        with self._starting:
            while self.starts:
                self.starts[0]()
                del self.starts[0]

    def repeat(self, name: str, step: Callable[[], bool | None]) -> None:
        """Do a step in the background again and again, until it returns true. See `chat.tasks.forever`."""
        self.socketio.start_background_task(forever, name, step, sleep=self.socketio.sleep, end=self.restart)

    def restart(self) -> None:
        """Have another worker take this one's place."""
        self.replace()


def _stay() -> None:
    log.warning("only gunicorn starts another worker in its place: not restarting")
