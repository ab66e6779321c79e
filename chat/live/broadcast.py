"""What is not stored, to everyone it concerns on every worker: through Flask-SocketIO's message queue."""

import logging
import queue
from typing import Any

from flask_socketio import SocketIO

WAITING = 10_000
"""Events that may wait for the queue; more are dropped, as nothing of it is lasting."""

log = logging.getLogger(__name__)


class Broadcast:
    """One sender a worker: a burst waits its turn instead of opening a connection to Redis for each event."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
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
        while True:
            event, payload, options = self._events.get()
            try:
                self._socketio.emit(event, payload, **options)
            except Exception:
                log.exception("a %s event could not be sent", event)
