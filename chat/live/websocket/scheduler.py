"""Whose turn it is: a bounded number of connections is handled at a time, and of each one message after the other.

Newcomers wait in a queue of their own: when thousands come back at once, those who are there talk on.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from chat.live.websocket.loop import Loop

# Messages that are handled at the same time, at most, and those of newcomers among them.
HANDLERS = 250
NEWCOMERS = 150
# Handlers that begin in one slice at most.
BEGUN = 16
# Seconds after which handling lets the loop look after the sockets again.
SLICE = 0.005

log = logging.getLogger(__name__)


class Ended(NamedTuple):
    """The last item that is handled for a connection: why it ended, and what to log about it, if anything."""

    reason: str
    note: str


class Client(Protocol):
    """A connection, as it is scheduled; see `chat.live.websocket.socket.Socket`."""

    busy: bool
    coming: int
    closed: bool

    def behind(self) -> bool: ...

    def next(self) -> str | Ended | None: ...


class Scheduler:
    """The green threads of one worker in which messages are handled, and the ends of connections.

    Args:
        heard: called with a connection and a message.
        ended: called with a connection and why it ended.
    """

    def __init__(self, loop: Loop, heard: Callable[[Any, str], None], ended: Callable[[Any, Ended], None]) -> None:
        self._loop = loop
        self._heard = heard
        self._ended = ended
        self._ready: deque[Client] = deque()
        self._coming: deque[Client] = deque()
        self._count = 0
        self._newcomers = 0
        self._first = self._ready
        self._going_on = False
        self._until = 0.0

    def serve(self, socket: Client) -> None:
        """Have what a connection sent handled, one item after the other.

        Not while much waits to be written to it. It is served again when it has read.
        """
        if socket.busy or socket.behind():
            return
        socket.busy = True
        self._queue(socket)
        self._go_on()

    def _queue(self, socket: Client) -> None:
        # One that ended talks no more: those who do go first.
        (self._coming if socket.coming or socket.closed else self._ready).append(socket)

    def _waiting(self) -> int:
        """How many of those who wait may be handled now."""
        return len(self._ready) + min(len(self._coming), NEWCOMERS - self._newcomers)

    def _next(self) -> Client:
        """The next: by turns one of those who are there, and one of those who come."""
        queues = self._ready, self._coming
        if not self._ready or (self._coming and self._newcomers < NEWCOMERS and self._first is self._coming):
            self._first, queue = queues
        else:
            queue, self._first = queues
        return queue.popleft()

    def _go_on(self) -> None:
        if not self._going_on:
            self._going_on = True
            self._loop.later(0, self._begin)

    def _begin(self) -> None:
        """Begin a slice of handling: between two, the loop looks after the sockets."""
        self._going_on = False
        self._until = time.monotonic() + SLICE
        begun = min(self._waiting(), HANDLERS - self._count, BEGUN)
        for _ in range(begun):
            self._loop.spawn(self._handle)
            self._count += 1
        if self._waiting() > begun and self._count < HANDLERS:
            self._go_on()

    def _handle(self) -> None:
        try:
            while self._waiting() > 0:
                if time.monotonic() > self._until:
                    self._go_on()
                    return
                socket = self._next()
                if (item := socket.next()) is not None:
                    self._handle_item(socket, item)
                    socket.busy = not socket.behind()
                    if socket.busy:
                        self._queue(socket)
        finally:
            self._count -= 1

    def _handle_item(self, socket: Client, item: str | Ended) -> None:
        comes = socket.coming > 0
        self._newcomers += comes
        try:
            if isinstance(item, str):
                self._heard(socket, item)
            else:
                self._ended(socket, item)
        except Exception:
            # Whatever it is, the next messages of this connection and of all others are handled.
            log.exception("a message was not handled")
        finally:
            self._newcomers -= comes
            socket.coming -= comes
