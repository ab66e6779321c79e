"""Who handles what connections send: a bounded number at the same time, one item of each connection after the other."""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat.live.wire.line import Loop
    from chat.live.wire.transport import Ended, Transport

HANDLERS = 250
"""Messages that are handled at the same time, at most."""
BEGUN = 16
"""Handlers that begin in one slice at most."""
SLICE = 0.005
"""Seconds after which handling lets the loop look after the sockets again."""

log = logging.getLogger(__name__)


class Handlers:
    """The green threads of one worker in which messages are handled, and how connections ended.

    Args:
        heard: called with a connection and a message.
        ended: called with a connection and why it ended.
    """

    def __init__(
        self, loop: "Loop", heard: Callable[["Transport", str], None], ended: Callable[["Transport", "Ended"], None]
    ) -> None:
        self._loop = loop
        self._heard = heard
        self._ended = ended
        self._ready: deque[Transport] = deque()
        self._count = 0
        self._going_on = False
        self._until = 0.0

    def serve(self, transport: "Transport") -> None:
        """Have what came for a connection handled: one item after the other, beside those of other connections."""
        if transport.busy:
            return
        transport.busy = True
        self._ready.append(transport)
        self._go_on()

    def _go_on(self) -> None:
        if not self._going_on:
            self._going_on = True
            self._loop.later(0, self._begin)

    def _begin(self) -> None:
        """Begin a slice of handling: between two, the loop looks after the sockets."""
        self._going_on = False
        self._until = time.monotonic() + SLICE
        begun = min(len(self._ready), HANDLERS - self._count, BEGUN)
        for _ in range(begun):
            self._count += 1
            self._loop.spawn(self._handle)
        if len(self._ready) > begun and self._count < HANDLERS:
            self._go_on()

    def _handle(self) -> None:
        try:
            while self._ready:
                if time.monotonic() > self._until:
                    self._go_on()
                    return
                transport = self._ready.popleft()
                if (item := transport.next()) is not None:
                    if isinstance(item, str):
                        self._heard(transport, item)
                    else:
                        self._ended(transport, item)
                    self._ready.append(transport)
        finally:
            self._count -= 1
