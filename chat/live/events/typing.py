"""Who types: passed on when it changes something, and at a pace."""

import time

from chat.domain.limits.limits import Limits
from chat.domain.limits.recent import Recent

# Seconds within which a person's typing in a room is not passed on again.
AGAIN = 2.0


class Typing:
    """What the others in a room were told of the people connected to this worker, on however many connections."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Whether they were told that somebody types, and when that was last: also after they heard that it ended.
        self._told: Recent[tuple[bool, float]] = Recent()

    def begins(self, person_id: str, room: str, network: str) -> bool:
        """Somebody types: whether the others are to be told."""
        key, now = f"{person_id} {room}", time.monotonic()
        if now - self._told.get(key, (False, -AGAIN))[1] < AGAIN:
            return False
        if self._limits.spend("typing", person=person_id, network=network):
            return False
        self._told.put(key, (True, now))
        return True

    def ends(self, person_id: str, room: str) -> bool:
        """Somebody types no more: whether the others are to be told."""
        key = f"{person_id} {room}"
        typing, at = self._told.get(key, (False, 0.0))
        if typing:
            self._told.put(key, (False, at))
        return typing
