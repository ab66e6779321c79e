"""Waiting for what has to come true, with a deadline instead of a guess."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within: float = 8.0, what: str = "") -> T:
    """Return the first truthy value of `condition`; fail if there is none `within` so many seconds."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or condition}; last seen: {value!r}")
        time.sleep(0.02)
