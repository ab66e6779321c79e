"""The event loop under a worker."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import eventlet
from eventlet import hubs, wsgi
from eventlet.greenio import GreenSocket

from chat import upstreams


class EventletLoop:
    """eventlet's hub, as the chat's own transport uses it (see `chat.live.websocket.loop.Loop`).

    Raises:
        chat.upstreams.UpstreamError: another version of eventlet is installed.
    """

    def __init__(self) -> None:
        self._hub = hubs.get_hub()
        upstreams.check("eventlet.hubs.Hub", self._hub)
        upstreams.check("eventlet.greenio.GreenSocket", GreenSocket)
        upstreams.check("eventlet.wsgi", wsgi)

    def take(self, environ: dict[str, Any]) -> socket.SocketType:
        """The client's socket, taken from gunicorn, which then forgets the request without answering it."""
        theirs = environ["gunicorn.socket"].fd
        # The plain type below the patched one, whose methods never wait.
        ours = socket.SocketType(theirs.family, theirs.type, theirs.proto, theirs.detach())
        ours.setblocking(False)
        wsgi.WSGI_LOCAL.already_handled = True
        return ours

    def readable(self, fd: int, call: Callable[[int], None]) -> Any:
        return self._watch(self._hub.READ, fd, call)

    def writable(self, fd: int, call: Callable[[int], None]) -> Any:
        return self._watch(self._hub.WRITE, fd, call)

    def ignore(self, watch: Any) -> None:
        # The hub forgets a descriptor by itself when a callback fails.
        with suppress(KeyError):
            self._hub.remove(watch)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self._hub.schedule_call_global(seconds, call)

    def spawn(self, call: Callable[[], None]) -> None:
        eventlet.spawn_n(call)

    def sleep(self, seconds: float) -> None:
        eventlet.sleep(seconds)

    def _watch(self, event: str, fd: int, call: Callable[[int], None]) -> Any:
        watch = self._hub.add(event, fd, call, _ignored, None)
        # Else it would keep the green thread that asked, the request's, for as long as the connection lasts.
        watch.greenlet = self._hub.greenlet
        return watch


def _ignored(_: BaseException) -> None:
    """The hub tells a green thread here that its socket was closed; nobody waits."""
