"""The event loop under a worker."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import eventlet
from eventlet import hubs
from eventlet.greenio import GreenSocket
from eventlet.wsgi import WSGI_LOCAL


class EventletLoop:
    """eventlet's hub, as the chat's own transport uses it (see `chat.live.websocket.Loop`)."""

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
