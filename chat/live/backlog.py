"""What waits to be written to one connection: bounded in bytes."""

from collections.abc import Callable
from typing import Any


def bounded(queue: type, limit: int) -> type:
    """A queue of packets like `queue` (eventlet's or the standard library's), whose `overflow` is called when more than
    `limit` bytes wait in it. From then on it takes nothing more."""

    class Backlog(queue):  # type: ignore[misc]
        overflow: Callable[[], None] | None = None
        size = 0
        cut = False

        def _put(self, packet: Any) -> None:
            if self.cut and packet is not None:
                return
            self.size += _bytes(packet)
            super()._put(packet)
            if self.size > limit and self.overflow and not self.cut:
                self.cut = True
                self.overflow()

        def _get(self) -> Any:
            packet = super()._get()
            self.size -= _bytes(packet)
            return packet

    return Backlog


def _bytes(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 1
