"""What Redis says of its memory, where it says anything: a user or a managed service may not be allowed to ask."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import redis

from chat.store.connection import Store
from chat.store.errors import Unavailable

# How many parts of a key are looked at for its size: for most keys all of them, in about a millisecond.
SAMPLES = 10_000
# Keys that are measured in one round trip, after which others have their turn.
AT_ONCE = 20


class Memory(NamedTuple):
    """Bytes that Redis uses for data, and that it may use; 0 where it has no bound."""

    used: int
    most: int


def memory(store: Store) -> Memory | None:
    """The memory of Redis; None if it does not tell.

    Raises:
        Unavailable: it does not answer.
    """
    found = _asked(store, [("INFO", "memory")])
    return Memory(int(found[0]["used_memory"]), int(found[0].get("maxmemory", 0))) if found else None


def sizes(store: Store, keys: Sequence[str]) -> list[int] | None:
    """Bytes of each key, 0 for one that is not there; None if Redis does not tell.

    Raises:
        Unavailable: it does not answer.
    """
    sizes: list[int] = []
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        found = _asked(store, [("MEMORY", "USAGE", key, "SAMPLES", SAMPLES) for key in some])
        if found is None:
            return None
        sizes += [int(size or 0) for size in found]
    return sizes


def _asked(store: Store, commands: list[tuple[str | int | float, ...]]) -> list[Any] | None:
    try:
        return store.probe(*commands)
    except Unavailable as error:
        if error.lacking:
            return None
        raise
    except redis.exceptions.ResponseError:
        return None
