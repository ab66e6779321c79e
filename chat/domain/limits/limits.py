"""How much anybody may do of what costs others something, and how fast.

Three bounds stand beside each other: what one person may do, what everybody in one network may do together, and what
the chat holds. Somebody who shares a network with a flooder is slowed by that at worst; one's own machine ("") counts
as no network. What has to hold across workers is counted in Redis; what is asked too often for that, in each worker.
"""

import math
from typing import NamedTuple

from chat.config import Config
from chat.domain import keys
from chat.domain.limits.recent import Buckets
from chat.errors import ChatError
from chat.store.connection import Store


class Pace(NamedTuple):
    """A token bucket: so many at once, then so many a second."""

    burst: int
    per_second: float


class Bound(NamedTuple):
    """A pace, and what anybody who goes beyond it is told."""

    pace: Pace
    said: str


# No limit, and nothing at all.
UNLIMITED = Pace(0, 1)
NONE = Pace(-1, 1)

FAST = "That was a little fast."
BUSY = "Much is going on in your network just now."

# What one person may do: counted in each worker, unless it says otherwise.
BY_PERSON = {
    # A lively talker; whoever says more floods the room. Counted in Redis for each shard of rooms, and across all
    # rooms in each worker.
    "message": Bound(Pace(20, 2), FAST),
    # Somebody who sets up a place makes some rooms at once; 36 an hour are more than anybody can fill. In Redis.
    "room": Bound(Pace(10, 0.01), "You made many rooms."),
    # A page joins all of its rooms, hundreds of them, whenever its connection is made anew, and so does each other tab.
    "join": Bound(Pace(5_000, 50), FAST),
    # Typing in some rooms at once; it is not more than a courtesy, so what goes beyond it is not passed on.
    "typing": Bound(Pace(10, 2), FAST),
}

# What a connection may do before it has said who it is.
BY_CONNECTION = {
    # A name that is taken is followed by another; whoever guesses at tokens gets no further than that.
    "claim": Bound(Pace(10, 0.5), "Those were many tries."),
}

# What all people of one network may do together: counted in each worker, unless it says otherwise.
BY_NETWORK = {
    # A school of 500 behind one router comes in within a minute. Later 60 an hour: within the 30 days that a name is
    # kept, one network cannot take half of the names that there may be. In Redis.
    "name": Bound(Pace(600, 1 / 60), "Many people from your network chose a name just now."),
    # Only what failed counts, and only what fails is answered so: whoever asks for a name that is free gets it.
    "failed claim": Bound(Pace(60, 1), "Many asked for names in your network that cannot be had. Choose a rarer one."),
    # Each of 500 greets everybody; after that they talk, ten messages a second between them.
    "message": Bound(Pace(600, 10), BUSY),
    # A team sets up its rooms in one go; see also `ROOM_SHARE`. In Redis.
    "room": Bound(Pace(20, 1 / 600), "Many rooms were made from your network."),
    # All of 500 come back at once when a worker restarts, each with all of their rooms.
    "join": Bound(Pace(20_000, 500), BUSY),
    "typing": Bound(Pace(600, 50), BUSY),
}

# Seconds after which somebody who did nothing of the kind is not held back by what their network does: a flood from
# next door still lets them say something.
SPARED = 30.0

# The most names that there may be: some 50 MB of Redis. Before one is refused, those of people go who never said
# anything and are not here.
NAMES = 100_000
# Seconds for which the name of somebody who never said anything is kept after they were last here.
UNSPOKEN_LEASE = 3_600
# One network may have made one of so many parts of the rooms that there may be.
ROOM_SHARE = 4
# Seconds after the last visit until a room goes in which nobody said anything.
SILENT_ROOM = 86_400


class Limits:
    """The bounds in force. `CHAT_RATE_LIMIT=off` lifts all paces, and leaves the bounds of what is kept."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._on = config.rate_limit
        self._buckets = {
            (by, action): Buckets(*bound.pace)
            for by, table in enumerate((BY_PERSON, BY_CONNECTION, BY_NETWORK))
            for action, bound in table.items()
        }

    def pace(self, action: str) -> Pace:
        """The pace of what one person does, or `UNLIMITED` where limits are lifted."""
        return BY_PERSON[action].pace if self._on else UNLIMITED

    def network_pace(self, action: str, network: str) -> Pace:
        """The pace of what everybody in a network does together, or `UNLIMITED` for one's own machine."""
        return BY_NETWORK[action].pace if self._on and network else UNLIMITED

    def network_error(self, action: str, seconds: float) -> ChatError:
        """The error for somebody whose network was too fast."""
        return too_fast(seconds, BY_NETWORK[action].said)

    def take(self, action: str, person_id: str, network: str) -> None:
        """Count one `action` in Redis, across all workers.

        Raises:
            ChatError: `too_fast`, with the seconds to wait.
        """
        for who, pace, said in (
            (person_id, self.pace(action), BY_PERSON[action].said),
            (network, self.network_pace(action, network), BY_NETWORK[action].said),
        ):
            if wait := self._store.run("limits/pace", [keys.pace(action, who)], [*pace]):
                raise too_fast(wait / 1000, said)

    def spend(self, action: str, *, person: str = "", connection: str = "", network: str = "") -> ChatError | None:
        """Count one `action` in this worker: of a person or a connection (by their ids), and of a network.

        Returns:
            The error for somebody who is too fast; nothing was counted then.
        """
        if not self._on:
            return None
        spared = bool(person) and self._buckets[0, action].rested(person, SPARED)
        free: list[tuple[Buckets, str]] = []
        for buckets, who, said in self._bounds(action, person, connection, network):
            wait = buckets.wait(who)
            if wait and not spared:
                return too_fast(wait, said)
            if not wait:
                free.append((buckets, who))
        for buckets, who in free:
            buckets.take(who)
        return None

    def give_back(self, action: str, *, person: str = "", connection: str = "", network: str = "") -> None:
        """Count one `action` less: it turned out to be none."""
        for buckets, who, _ in self._bounds(action, person, connection, network):
            buckets.give_back(who)

    def _bounds(self, action: str, *whose: str) -> list[tuple[Buckets, str, str]]:
        tables = (BY_PERSON, BY_CONNECTION, BY_NETWORK)
        return [
            (self._buckets[by, action], who, tables[by][action].said)
            for by, who in enumerate(whose)
            if who and self._on
        ]


def too_fast(seconds: float, said: str = FAST) -> ChatError:
    """The error for somebody who has to wait."""
    return ChatError("too_fast", f"{said} Try again in {_shown(seconds)}.", retry_after=seconds)


def _shown(seconds: float) -> str:
    if seconds <= 1:
        return "a second"
    if seconds < 90:
        return f"{math.ceil(seconds)} seconds"
    return f"{math.ceil(seconds / 60)} minutes"
