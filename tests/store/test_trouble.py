"""What the log is told of a Redis that refuses: when it begins, and when it is over."""

import logging
from collections.abc import Iterator

import pytest

from chat.store import trouble
from chat.store.errors import Unavailable
from chat.store.trouble import Trouble

FORBIDDEN = Unavailable("Redis forbids this user what the chat needs", code="NOPERM")
FULL = Unavailable("Redis is full", code="OOM")


class Clock:
    """A clock that goes on when it is told."""

    now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that a trouble looks at."""
    clock = Clock()
    monkeypatch.setattr(trouble, "time", clock)
    return clock


class Kept(logging.Handler):
    """Keeps what the log was told."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    """What the log was told."""
    kept, logger = Kept(), logging.getLogger(trouble.__name__)
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.addHandler(kept)
    yield kept.records
    logger.removeHandler(kept)


def test_a_trouble_is_a_line_when_it_begins_and_one_when_a_trial_succeeds(
    clock: Clock, lines: list[logging.LogRecord]
) -> None:
    found = Trouble()
    for _ in range(5):
        found.met(FULL)
    found.over()
    assert found.reason == "Redis is full"
    clock.now += trouble.QUIET
    found.over()
    assert [line.getMessage() for line in lines] == ["Redis is full", "Redis serves again; 5 requests were refused"]


def test_a_right_that_the_trial_does_not_take_is_one_trouble_while_it_is_refused_now_and_then(
    clock: Clock, lines: list[logging.LogRecord]
) -> None:
    found = Trouble()
    for _ in range(5):
        found.met(FORBIDDEN)
        clock.now += 60
        found.over()
    assert len(lines) == 1
    clock.now += trouble.STILL
    found.over()
    assert [line.getMessage() for line in lines[1:]] == ["Redis serves again; 5 requests were refused"]


def test_a_right_that_the_trial_takes_too_is_back_when_the_trial_succeeds(
    clock: Clock, lines: list[logging.LogRecord]
) -> None:
    found = Trouble()
    found.met(FORBIDDEN)
    found.met(FORBIDDEN)
    found.confirm(FORBIDDEN)
    clock.now += trouble.QUIET
    found.over()
    assert len(lines) == 2
