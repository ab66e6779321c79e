"""Whether this worker can serve, and what an operator has to know of its Redis."""

import threading
import time

from chat.config import ConfigError
from chat.domain.upkeep.health import look, tell, write
from chat.live.base import Base
from chat.live.delivery.reader import Delivery
from chat.live.message_queue import MessageQueue
from chat.store.errors import Unavailable

# Seconds for which an answer holds, for all who ask.
FRESH = 1.0
# Seconds to wait for the message queue, where it is not heard yet.
HEARD_WITHIN = 0.5


class Readiness:
    """Tries all that serving needs.

    Attributes:
        warnings: what `look` found last.
    """

    def __init__(self, worker: Base, queue: MessageQueue, delivery: Delivery) -> None:
        self._worker = worker
        self._queue = queue
        self._delivery = delivery
        self._store = worker.chat.store
        self._lock = threading.Lock()
        self._asked = -FRESH
        self._failing: list[str] = []
        self.warnings: list[str] = []

    def failing(self) -> list[str]:
        """What cannot be done, a sentence each, as of a second ago at most; empty for a worker that is ready."""
        with self._lock:
            if time.monotonic() - self._asked >= FRESH:
                self._failing = self._try()
                self.look()
                self._asked = time.monotonic()
            return self._failing

    def look(self) -> None:
        """See what kind of Redis this is, and log what is new about it."""
        try:
            found = look(self._store)
            known, self.warnings = self.warnings, found.warnings
            tell(self._store, found, known)
        except Unavailable:
            return

    def _try(self) -> list[str]:
        try:
            self._worker.start()
            # A function, a write, and the replicas that a message waits for.
            write(self._store)
        except Unavailable as error:
            self._store.trouble.confirm(error)
            return [error.reason]
        except ConfigError as error:
            return [str(error)]
        failing = []
        if not self._queue.subscribed.wait(HEARD_WITHIN):
            failing.append("The message queue is not heard")
        if self._delivery.stalled:
            failing.append("What comes is not delivered")
        if not failing:
            self._store.trouble.over()
        return failing
