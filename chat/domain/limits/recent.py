"""What a process remembers of many, within bounds."""

import math
import time
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")
# How many are remembered at most: some megabytes.
MOST = 20_000


class Recent(Generic[V]):
    """A mapping that forgets whatever was put there longest ago."""

    def __init__(self, most: int = 0) -> None:
        self._most = most or MOST
        self._values: OrderedDict[str, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, default: V) -> V:
        """The value of the key, or `default`."""
        return self._values.get(key, default)

    def put(self, key: str, value: V) -> None:
        """Remember a value as the newest."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: str) -> None:
        self._values.pop(key, None)


class Buckets:
    """Token buckets of one pace, each known by a key: `burst` at once, then `per_second`.

    What is forgotten of many is whoever has been quiet for longest, whose bucket is the fullest.
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._pause = 1 / per_second
        self._ahead = (burst - 1) / per_second
        # All that has to be kept of a bucket is when it is full again.
        self._full_at: Recent[float] = Recent()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str) -> float:
        """The seconds until there is a token; 0 if there is one."""
        wait = self._full_at.get(key, 0.0) - time.monotonic() - self._ahead
        # Sums of fractions are not exact.
        return wait if wait > 1e-6 else 0.0

    def take(self, key: str) -> None:
        self._full_at.put(key, max(self._full_at.get(key, 0.0), time.monotonic()) + self._pause)

    def rested(self, key: str, seconds: float) -> bool:
        """Whether a bucket has been full for so many seconds."""
        return time.monotonic() - self._full_at.get(key, -math.inf) >= seconds

    def give_back(self, key: str) -> None:
        """Put a token back that was taken for nothing."""
        self._full_at.put(key, self._full_at.get(key, 0.0) - self._pause)
