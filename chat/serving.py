"""How gunicorn serves the chat. Imports nothing of it: gunicorn's worker patches the standard library first."""

import gc
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

with warnings.catch_warnings():
    # eventlet and gunicorn announce that this worker will go; gunicorn is pinned to the last versions that have it.
    warnings.simplefilter("ignore")
    from gunicorn.workers.base_async import AsyncWorker
    from gunicorn.workers.geventlet import EventletWorker

import eventlet
from eventlet import hubs
from eventlet.greenio import GreenSocket
from eventlet.wsgi import WSGI_LOCAL

ACCEPTED = 8
"""Connections that are taken before others have a turn."""


class EventletLoop:
    """eventlet's hub, as the chat's own transport uses it (see `chat.live.wire.Loop`)."""

    def __init__(self) -> None:
        self._hub = hubs.get_hub()

    def missing(self) -> str:
        """The first of the parts of eventlet in use here that is not there, if one is not."""
        for owner, names in (
            (self._hub, ("READ", "WRITE", "add", "remove", "greenlet", "schedule_call_global")),
            (GreenSocket, ("fd",)),
        ):
            for name in names:
                if not hasattr(owner, name):
                    return f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"
        return ""

    def take(self, environ: dict[str, Any]) -> socket.SocketType:
        """The client's socket, taken from gunicorn, which then forgets the request without answering it."""
        theirs = environ["gunicorn.socket"].fd
        # The plain type below the patched one, whose methods never wait.
        ours = socket.SocketType(theirs.family, theirs.type, theirs.proto, theirs.detach())
        ours.setblocking(False)
        WSGI_LOCAL.already_handled = True
        return ours

    def readable(self, fd: int, call: Callable[[int], None]) -> Any:
        """Call in the hub whenever there is something to read."""
        return self._watch(self._hub.READ, fd, call)

    def writable(self, fd: int, call: Callable[[int], None]) -> Any:
        """Call in the hub whenever there is room to write."""
        return self._watch(self._hub.WRITE, fd, call)

    def ignore(self, watch: Any) -> None:
        """End a watch."""
        # The hub forgets a descriptor by itself when a callback fails.
        with suppress(KeyError):
            self._hub.remove(watch)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the hub."""
        self._hub.schedule_call_global(seconds, call)

    def spawn(self, call: Callable[[], None]) -> None:
        """Call in a green thread."""
        eventlet.spawn_n(call)

    def sleep(self, seconds: float) -> None:
        """Let the others run."""
        eventlet.sleep(seconds)

    def _watch(self, event: str, fd: int, call: Callable[[int], None]) -> Any:
        watch = self._hub.add(event, fd, call, _ignored, None)
        # Else it would keep the green thread that asked, the request's, for as long as the connection lasts.
        watch.greenlet = self._hub.greenlet
        return watch


def _ignored(_: BaseException) -> None:
    """The hub tells a green thread here that its socket was closed; nobody waits."""


class ChatWorker(EventletWorker):  # type: ignore[misc]
    """gunicorn's eventlet worker, without its warning at each start, and with an orderly end.

    On SIGTERM it takes no more connections at once, closes those that it has as Socket.IO does, so that their clients
    go elsewhere by themselves, and ends when they are gone. Another SIGTERM changes nothing.
    """

    def init_process(self) -> None:
        """Start as `EventletWorker` does."""
        self._leaving = threading.Event()
        self.patch()
        AsyncWorker.init_process(self)

    def load_wsgi(self) -> None:
        """Load the application, and let it end this worker: gunicorn then starts another."""
        super().load_wsgi()
        self.wsgi.extensions["restart"] = lambda: os.kill(os.getpid(), signal.SIGTERM)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end: a signal's handler may not switch green threads itself."""
        super().handle_exit(sig, frame)
        eventlet.spawn(self._leaving.set)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C ends as SIGTERM does: gunicorn's own would end the process from within a green thread."""
        self.handle_exit(sig, frame)

    def notify(self) -> None:
        """Tell gunicorn that this worker lives, and end if it was killed: another may want the place."""
        super().notify()
        if os.getppid() != self.ppid:
            self.alive = False

    def run(self) -> None:
        """Serve until told to end."""
        if not self.cfg.is_ssl:
            self.wsgi.extensions["line"].serve_on(EventletLoop())
        # What is there now stays: the collector need not walk through it, which held everybody up for 0.1 s each time.
        gc.collect()
        gc.freeze()
        acceptors = []
        for listener in self.sockets:
            listening = GreenSocket(listener)
            listening.setblocking(1)
            acceptors.append(eventlet.spawn(self._accept, listening))
        # Each begins: a worker may be told to end while it starts, and eventlet cannot stop what never ran.
        eventlet.sleep(0)
        while self.alive:
            self.notify()
            self.wsgi.extensions["lines"].tell()
            self._leaving.wait(0.2)
        for acceptor in acceptors:
            # Takes no more, and then waits for what is in hand.
            acceptor.kill(eventlet.StopServe())
        drain = eventlet.spawn(self.wsgi.extensions["drain"])
        with eventlet.Timeout(self.cfg.graceful_timeout, False):
            for each in (*acceptors, drain):
                each.wait()

    def _accept(self, listening: GreenSocket) -> None:
        """Take connections until told to stop, and then wait for what is in hand.

        gunicorn's own loop takes all that have come, before anybody else has a turn: when thousands come back at once,
        that is seconds.
        """
        pool = eventlet.GreenPool(self.worker_connections)
        try:
            while True:
                for _ in range(ACCEPTED):
                    client, address = listening.accept()
                    pool.spawn_n(self.handle, listening, client, address)
                eventlet.sleep(0)
        except eventlet.StopServe:
            # Those that were taken and have not begun yet ask it for its address.
            pool.waitall()
            listening.close()
