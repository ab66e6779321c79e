"""The event loop of a worker, as its WebSockets use it. Only the serving code knows which it is."""

import socket
from collections.abc import Callable
from typing import Any, Protocol


class Loop(Protocol):
    """Calls when there is something to read or room to write. Those two return a watch, to be ended by `ignore`."""

    def take(self, environ: dict[str, Any]) -> socket.SocketType:
        """The client's socket, taken from the request that it came by: nobody else reads, writes or closes it."""

    def readable(self, fd: int, call: Callable[[int], None]) -> Any: ...

    def writable(self, fd: int, call: Callable[[int], None]) -> Any: ...

    def ignore(self, watch: Any) -> None: ...

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once, in the loop itself, which must not wait."""

    def spawn(self, call: Callable[[], None]) -> None:
        """Call in a green thread."""

    def sleep(self, seconds: float) -> None:
        """Let the others run for so long; for a green thread."""
