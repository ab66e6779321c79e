"""The worker: takes connections and requests, and ends in order."""

import gc
import os
import signal
import threading
import warnings
from collections.abc import Iterable
from types import FrameType
from typing import Any

with warnings.catch_warnings():
    # eventlet and gunicorn announce that this worker will go; gunicorn is pinned to the last versions that have it.
    warnings.simplefilter("ignore")
    # First: this patches the standard library.
    from gunicorn.workers.base_async import AsyncWorker
    from gunicorn.workers.geventlet import EventletWorker

import eventlet
from gunicorn.http.errors import LimitRequestHeaders

from chat.serving import open_files
from chat.serving.loop import EventletLoop
from chat.serving.requests import HEAD, Body, ClientSocket, Requests
from chat.tasks import forever

# Connections that are taken before others have a turn.
ACCEPTED = 8


class ChatWorker(EventletWorker):  # type: ignore[misc]
    """gunicorn's eventlet worker, without its warning at each start, and with an orderly end.

    On SIGTERM it takes no more connections at once, closes those that it has as Socket.IO does, so that their clients
    go elsewhere by themselves, and ends when they are gone. Another SIGTERM changes nothing.
    """

    wsgi: Any

    def init_process(self) -> None:
        """Start as `EventletWorker` does."""
        self._leaving = threading.Event()
        self._requests = Requests()
        self.patch()
        AsyncWorker.init_process(self)

    def load_wsgi(self) -> None:
        """Load the application, and let it end this worker: gunicorn then starts another."""
        super().load_wsgi()
        # The path that the chat lives below is the application's affair: gunicorn would fail at all others.
        os.environ.pop("SCRIPT_NAME", None)
        self._app: Any = self.wsgi
        self.wsgi = self._serve
        self._live = self._app.extensions["worker"]
        self._live.replace = self._leave

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
        wanted = self._live.config.max_connections
        places = open_files.places(wanted, open_files.allow(wanted))
        if not self.cfg.is_ssl:
            # TLS is gunicorn's own affair, and its connections go by python-engineio's transport.
            self._live.serve_on(EventletLoop(), places.live)
        # What is there now stays: the collector need not walk through it, which held everybody up for 0.1 s each time.
        gc.collect()
        gc.freeze()
        pool = eventlet.GreenPool(places.requests)
        acceptors = []
        for listener in self.sockets:
            listening = ClientSocket(listener)
            listening.setblocking(1)
            acceptors.append(eventlet.spawn(self._accept, listening, pool))
        # Each begins: a worker may be told to end while it starts, and eventlet cannot stop what never ran.
        eventlet.sleep(0)
        while self.alive:
            self.notify()
            self._live.lines.tell()
            self._leaving.wait(0.2)
        for acceptor in acceptors:
            # Takes no more, and then waits for what is in hand.
            acceptor.kill(eventlet.StopServe())
        drain = eventlet.spawn(self._live.guards.drain)
        with eventlet.Timeout(self.cfg.graceful_timeout, False):
            for each in (*acceptors, drain):
                each.wait()

    def handle(self, listener: ClientSocket, client: ClientSocket, addr: Any) -> None:
        """Answer the requests of one connection."""
        with self._requests.holding(client):
            super().handle(listener, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request, whose head was read."""
        if sum(len(name) + len(value) for name, value in req.headers) > HEAD:
            raise LimitRequestHeaders(f"more than {HEAD} bytes")
        if not isinstance(sock, ClientSocket):
            # TLS, which is gunicorn's own affair.
            return super().handle_request(listener_name, req, sock, addr)
        whole, req.body = req.body, Body(req)
        sock.begin()
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            # What the application left unread of it, gunicorn passes over.
            req.body = whole
            sock.rest()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        client = environ["gunicorn.socket"]
        if isinstance(client, ClientSocket):
            client.environ = environ
        return self._app(environ, start_response)  # type: ignore[no-any-return]

    def _leave(self) -> None:
        """Have another worker take this one's place."""
        os.kill(os.getpid(), signal.SIGTERM)

    def _accept(self, listening: ClientSocket, pool: eventlet.GreenPool) -> None:
        """Take connections until told to stop, and then wait for what is in hand."""
        forever(
            "taking connections",
            lambda: self._take(listening, pool),
            sleep=eventlet.sleep,
            end=self._leave,
            stop=(eventlet.StopServe,),
        )
        # Those that were taken and have not begun yet ask it for its address.
        pool.waitall()
        listening.close()

    def _take(self, listening: ClientSocket, pool: eventlet.GreenPool) -> None:
        """Take some of the connections that came.

        gunicorn's own loop takes all that have come, before anybody else has a turn: when thousands come back at once,
        that is seconds.
        """
        for _ in range(ACCEPTED):
            client, address = listening.accept()
            client.peer = address[0] if isinstance(address, tuple) else ""
            if not pool.free():
                self._requests.make_room()
            pool.spawn_n(self.handle, listening, client, address)
        eventlet.sleep(0)
