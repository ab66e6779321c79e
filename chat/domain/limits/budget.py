"""How many bytes of a log may be read: in one page, and by one person on this worker."""

import time
from collections.abc import Callable

from chat.config import Config
from chat.domain.limits.limits import too_fast
from chat.domain.limits.recent import Recent
from chat.domain.people.people import Person

# Bytes of entries that a person may read.
PER_SECOND = 4 * 1024 * 1024
# Seconds' worth of them that may be read at once: a long absence.
BURST = 4.0
# The shortest wait, in seconds, that anybody is told.
SHORTEST = 0.1
# With each page that is read, what is kept of the weight of the heaviest one of late.
FORGETS = 0.99


def size_of(entry: str) -> int:
    """The bytes of an entry."""
    return len(entry) if entry.isascii() else len(entry.encode())


class Budget:
    """A token bucket of bytes for each person. A page is counted once it was read, so the last ones may leave a debt.

    `page` is how many bytes of entries a page has, if it has more than one; `heaviest` how many the heaviest of late
    had, as a guess at the next.
    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self.page = config.page_bytes
        self.heaviest = 0.0
        self._on = config.rate_limit
        self._clock = clock
        self._full_at: Recent[float] = Recent()

    def check(self, person: Person) -> None:
        """See that a person may read another page.

        Raises:
            ChatError: `too_fast`, with the seconds to wait.
        """
        wait = self._full_at.get(person.id, 0.0) - self._clock() - BURST
        if wait > 0 and self._on:
            raise too_fast(max(wait, SHORTEST))

    def spend(self, person: Person, size: int) -> None:
        """Count a page of so many bytes that a person read."""
        self.heaviest = max(size, self.heaviest * FORGETS)
        self._full_at.put(person.id, max(self._full_at.get(person.id, 0.0), self._clock()) + size / PER_SECOND)
