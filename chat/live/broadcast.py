"""What is not stored, to everyone it concerns on every worker: through Flask-SocketIO's message queue."""

import logging
import queue
from collections.abc import Callable
from typing import Any

from flask_socketio import SocketIO

from chat.tasks import forever

WAITING = 10_000
"""Events that may wait for the queue; more are dropped, as nothing of it is lasting."""

log = logging.getLogger(__name__)


class Broadcast:
    """One sender a worker: a burst waits its turn instead of opening a connection to Redis for each event."""

    def __init__(self, socketio: SocketIO, restart: Callable[[], None]) -> None:
        self._socketio = socketio
        self._restart = restart
        self._events: queue.Queue[tuple[str, dict[str, Any], dict[str, Any]]] = queue.Queue(WAITING)

    def start(self) -> None:
        """Begin sending, once a worker serves."""
        self._socketio.start_background_task(self._run)

    def send(self, event: str, payload: dict[str, Any], *, to: str, skip_sid: str | None = None) -> None:
        """Send `event` to the connections in the Socket.IO room `to`, on every worker."""
        try:
            self._events.put_nowait((event, payload, {"to": to, "skip_sid": skip_sid}))
        except queue.Full:
            log.warning("dropping a %s event: %d are waiting for the message queue already", event, WAITING)

    def _run(self) -> None:
        forever("sending to the message queue", self._send_next, sleep=self._socketio.sleep, end=self._restart)

    def _send_next(self) -> None:
        event, payload, options = self._events.get()
        self._socketio.emit(event, payload, **options)
