"""Who is typing: told to others when it changes something, and at a bounded pace."""

import time

from chat.domain.limits.limits import Limits
from chat.domain.limits.recent import Recent

# Seconds within which a person's typing in a room is not told again.
AGAIN = 2.0


class Typing:
    """What others in a room were told of a person on this worker, however many connections they have."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Whether others were told that a person types, and when last. The time is kept when they hear that it ended.
        self._told: Recent[tuple[bool, float]] = Recent()

    def begins(self, person_id: str, room: str, network: str) -> bool:
        """Note that somebody types. Returns whether the others are to be told."""
        key, now = f"{person_id} {room}", time.monotonic()
        if now - self._told.get(key, (False, -AGAIN))[1] < AGAIN:
            return False
        if self._limits.spend("typing", person=person_id, network=network):
            return False
        self._told.put(key, (True, now))
        return True

    def ends(self, person_id: str, room: str) -> bool:
        """Note that somebody types no more. Returns whether the others are to be told."""
        key = f"{person_id} {room}"
        typing, at = self._told.get(key, (False, 0.0))
        if typing:
            self._told.put(key, (False, at))
        return typing
