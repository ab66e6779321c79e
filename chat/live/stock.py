"""What waits to be written to one connection: bounded in bytes."""

import threading
from collections.abc import Callable
from typing import Any


def bounded(queue: type, limit: int) -> type:
    """A queue of packets like `queue` (eventlet's or the standard library's), whose `overflow` is called when more than
    `limit` bytes wait in it. From then on it takes nothing more. Who asks for more has to read first: see `is_low`."""
    low = limit // 4

    class Backlog(queue):  # type: ignore[misc]
        overflow: Callable[[], None] | None = None
        size = 0
        cut = False

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self._low = threading.Event()
            self._low.set()

        def is_low(self, within: float) -> bool:
            """Wait until a quarter of the limit waits here or less, for so many seconds; whether it came to that."""
            return self._low.wait(within)

        def _put(self, packet: Any) -> None:
            if self.cut and packet is not None:
                return
            self.size += _bytes(packet)
            super()._put(packet)
            if self.size > low:
                self._low.clear()
            if self.size > limit and self.overflow and not self.cut:
                self.cut = True
                self.overflow()

        def _get(self) -> Any:
            packet = super()._get()
            self.size -= _bytes(packet)
            if self.size <= low:
                self._low.set()
            return packet

    return Backlog


def _bytes(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 1
