"""How fast anybody may do what costs others something."""

from typing import NamedTuple

from chat.config import Config
from chat.errors import ChatError
from chat.store.connection import Store


class Pace(NamedTuple):
    """A token bucket: so many at once, then so many a second."""

    burst: int
    per_second: float


UNLIMITED = Pace(0, 1)
PACES = {
    "message": Pace(20, 2),
    "name": Pace(20, 0.1),
    "room": Pace(10, 0.01),
}


class Limits:
    """The paces in force, kept in Redis so that all workers count together."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._on = config.rate_limit

    def pace(self, action: str) -> Pace:
        """The pace of an action, or `UNLIMITED` where limits are lifted."""
        return PACES[action] if self._on else UNLIMITED

    def take(self, action: str, who: str) -> None:
        """Count one `action` of `who` (a user id or an address).

        Raises:
            ChatError: `too_fast`, with the seconds to wait.
        """
        if wait := self._store.run("pace", [f"chat:{{pace}}:{action}:{who}"], [*self.pace(action)]):
            raise too_fast(wait)


def too_fast(wait: int) -> ChatError:
    """The error for somebody who has to wait so many milliseconds."""
    seconds = wait / 1000
    said = "a second" if seconds <= 1 else f"{seconds:.0f} seconds"
    return ChatError("too_fast", f"That was a little fast. Try again in {said}.", retry_after=seconds)
