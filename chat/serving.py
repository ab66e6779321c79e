"""How gunicorn serves the chat. Imports nothing of it: gunicorn's worker patches the standard library first."""

import os
import signal
import threading
import warnings
from functools import partial
from types import FrameType

with warnings.catch_warnings():
    # eventlet and gunicorn announce that this worker will go; gunicorn is pinned to the last versions that have it.
    warnings.simplefilter("ignore")
    from gunicorn.workers.base_async import AsyncWorker
    from gunicorn.workers.geventlet import EventletWorker, _eventlet_serve

import eventlet
from eventlet.greenio import GreenSocket


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

    def notify(self) -> None:
        """Tell gunicorn that this worker lives, and end if it was killed: another may want the place."""
        super().notify()
        if os.getppid() != self.ppid:
            self.alive = False

    def run(self) -> None:
        """Serve until told to end."""
        acceptors = []
        for listener in self.sockets:
            listening = GreenSocket(listener)
            listening.setblocking(1)
            handle = partial(self.handle, listening)
            acceptors.append(eventlet.spawn(_eventlet_serve, listening, handle, self.worker_connections))
        while self.alive:
            self.notify()
            self._leaving.wait(0.2)
        for acceptor in acceptors:
            # Closes the listening socket, and then waits for what is in hand.
            acceptor.kill(eventlet.StopServe())
        eventlet.spawn(self.wsgi.extensions["drain"])
        with eventlet.Timeout(self.cfg.graceful_timeout, False):
            for acceptor in acceptors:
                acceptor.wait()
