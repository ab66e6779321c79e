"""Flask-SocketIO's message queue on Redis. It brings events that are not stored to the clients of every worker.

python-socketio's own listener waits up to a minute after a failure, does not notice a connection that died without a
word, and loses its own when a publisher of the same process makes another. `Connections` says whom an event reaches.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from chat.config import Config
from chat.live.base import Base
from chat.live.connections import EVERYONE
from chat.store.errors import AWAY, Unavailable, translated
from chat.tasks import forever

# Connections to Redis that the queue may open. At redis-py's own limit its manager would replace the connection under
# its listener, and hear nothing any more.
CONNECTIONS = 1000
# Seconds of silence after which Redis is asked whether it is there, and after which it is not.
PING = 5.0
SILENT = 10.0
# Seconds between two tries to hear it.
RETRY = 0.5
# Events that may wait to be sent. More are dropped: none of them has to last.
WAITING = 10_000

log = logging.getLogger(__name__)


def url_of(url: str, config: Config) -> str:
    """The URL of the queue, which takes the options of its connections from there alone."""
    options = {
        "max_connections": str(CONNECTIONS),
        "socket_timeout": "2",
        "socket_connect_timeout": "2",
        "socket_keepalive": "True",
    }
    if url.startswith("rediss:") and not config.redis_verify:
        options["ssl_cert_reqs"] = "none"
    return f"{url}{'&' if '?' in url else '?'}{urlencode(options)}"


class MessageQueue:
    """One worker's part in the queue. To be made before the first connection."""

    def __init__(self, worker: Base) -> None:
        self._worker = worker
        self._server = worker.server
        self._store = worker.chat.store
        self._events: queue.Queue[tuple[str, dict[str, Any], dict[str, Any]]] = queue.Queue(WAITING)
        # Set while this worker hears the queue.
        self.subscribed = threading.Event()
        self._manager: Any = worker.server.manager
        self._hear = self._manager._thread
        self._enter = self._manager.basic_enter_room
        self._manager._listen = self._listen
        self._manager._publish = self._publish
        self._manager._thread = self._run
        self._manager.get_participants = self._participants
        self._manager.basic_enter_room = self._enter_none

    def start(self) -> None:
        """Begin to listen, as the first connection does otherwise, and to send."""
        if not self._server.manager_initialized:
            self._server.manager_initialized = True
            self._manager.initialize()
        self._worker.repeat("sending to the message queue", self._send_next)

    def send(self, event: str, payload: dict[str, Any], *, to: str, skip_sid: str | None = None) -> None:
        """Send `event` to the connections at an address, on every worker.

        A burst waits its turn, instead of opening a connection to Redis for each event.
        """
        try:
            self._events.put_nowait((event, payload, {"to": to, "skip_sid": skip_sid}))
        except queue.Full:
            log.warning("dropping a %s event: %d are waiting for the message queue already", event, WAITING)

    def _send_next(self) -> None:
        event, payload, options = self._events.get()
        self._worker.socketio.emit(event, payload, **options)

    # In the place of the manager's methods

    def _participants(self, _namespace: str, address: str | None) -> Iterator[tuple[str, str]]:
        return ((each.sid, each.socket.sid) for each in self._worker.connections.at(address or EVERYONE))

    def _enter_none(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        # Connections are in the room of all alone: when one ends, the manager looks through every room.
        if room is None:
            self._enter(sid, namespace, room, eio_sid=eio_sid)

    def _run(self) -> None:
        def step() -> None:
            self._hear()
            raise RuntimeError("it returned")

        forever("hearing the message queue", step, sleep=time.sleep, end=self._worker.restart)

    def _publish(self, data: dict[str, Any]) -> None:
        for last in (False, True):
            try:
                if not self._manager.connected:
                    self._manager._redis_connect()
                self._manager.redis.publish(self._manager.channel, self._manager.json.dumps(data))
                return
            except Exception as error:
                self._manager.connected = False
                if last:
                    self._tell(error)

    def _listen(self) -> Iterator[bytes]:
        while True:
            try:
                self._manager._redis_connect()
                # Of our own: a publisher may have the manager connect anew.
                pubsub = self._manager.redis.pubsub()
                pubsub.subscribe(self._manager.channel)
                yield from self._messages(pubsub)
            except Exception as error:
                self._tell(error)
                time.sleep(RETRY)
            finally:
                self.subscribed.clear()

    def _messages(self, pubsub: Any) -> Iterator[bytes]:
        replaced = self._store.replaced
        heard = asked = time.monotonic()
        while replaced == self._store.replaced:
            message = pubsub.get_message(timeout=1.0)
            now = time.monotonic()
            if message:
                heard = now
                if message["type"] == "subscribe":
                    self.subscribed.set()
                elif message["type"] == "message":
                    yield message["data"]
            elif now - heard > SILENT:
                raise Unavailable(AWAY, f"nothing was heard for {SILENT:.0f} s")
            elif now - max(heard, asked) > PING:
                pubsub.ping()
                asked = now

    def _tell(self, error: Exception) -> None:
        meant = translated(error)
        if isinstance(meant, Unavailable):
            self._store.trouble.met(meant)
        else:
            log.error("the message queue failed", exc_info=error)
