"""Flask-SocketIO's message queue on Redis, made to come back within seconds, on a channel of this chat's own.

The stock listener waits up to a minute after a failure, does not notice a connection that died without a word, and
loses its own when a publisher of the same process makes another; and both write a line each time. Leans on private
parts of python-socketio: where they are not there, the stock ones serve, and the log says so.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import socketio

from chat.store.connection import Store
from chat.store.errors import AWAY, Unavailable, translated
from chat.tasks import forever

PING = 5.0
"""Seconds of silence after which Redis is asked whether it is there."""
SILENT = 10.0
"""Seconds of silence after which it is not."""
RETRY = 0.5

log = logging.getLogger(__name__)


class Listener:
    """What one worker hears and says on the queue of `server`. To be made before the first connection.

    `restart` is called if the listening ends, which it should not.
    """

    def __init__(self, server: socketio.Server, store: Store, restart: Callable[[], None]) -> None:
        self._server = server
        self._manager: Any = server.manager
        self._store = store
        self.subscribed = threading.Event()
        """Set while what is said there is heard here."""
        if {"_listen", "_publish", "_redis_connect", "_thread", "connected"} <= set(dir(self._manager)):
            self._manager._listen = self._listen
            self._manager._publish = self._publish
            listen = self._manager._thread

            def step() -> None:
                listen()
                raise RuntimeError("it returned")

            self._manager._thread = lambda: forever("hearing the message queue", step, sleep=time.sleep, end=restart)
        else:
            log.warning("This python-socketio is not the one known here: the message queue may be deaf for a minute.")
            self.subscribed.set()

    def start(self) -> None:
        """Begin to listen, as the first connection does otherwise."""
        if not self._server.manager_initialized:
            self._server.manager_initialized = True
            self._manager.initialize()

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
                # Of our own: whoever publishes may have the manager connect anew.
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
