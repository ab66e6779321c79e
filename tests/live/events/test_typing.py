"""Typing is passed on when it changes something, and at a pace, on however many connections."""

import time

import pytest

from chat.config import Config
from chat.domain.limits.limits import BY_NETWORK, BY_PERSON, Limits
from chat.live.events import typing
from chat.live.events.typing import Typing
from chat.store.connection import Store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def told(store: Store) -> Typing:
    """What one worker told, with limits."""
    return Typing(Limits(store, Config()))


def test_beginning_and_ending_are_told_once(told: Typing, clock: list[float]) -> None:
    assert not told.ends("ada", "work")
    assert told.begins("ada", "work", "")
    assert not told.begins("ada", "work", "")
    assert told.ends("ada", "work")
    assert not told.ends("ada", "work")


def test_on_and_off_again_and_again_is_told_every_two_seconds(told: Typing, clock: list[float]) -> None:
    heard = 0
    for _ in range(1000):
        clock[0] += 0.01
        heard += told.begins("ada", "work", "") + told.ends("ada", "work")
    assert heard <= 2 * (10 / typing.AGAIN + 1)


def test_who_types_on_is_told_again(told: Typing, clock: list[float]) -> None:
    assert told.begins("ada", "work", "")
    clock[0] += typing.AGAIN
    assert told.begins("ada", "work", "")


def test_others_and_other_rooms_are_told_of_beside(told: Typing, clock: list[float]) -> None:
    assert told.begins("ada", "work", "")
    assert told.begins("ben", "work", "")
    assert told.begins("ada", "study", "")


def test_one_person_in_many_rooms_has_a_pace(told: Typing, clock: list[float]) -> None:
    assert sum(told.begins("ada", f"room-{number}", "") for number in range(500)) == BY_PERSON["typing"].pace.burst
    assert told.begins("ben", "room-499", "")
    assert sum(told.ends("ada", f"room-{number}") for number in range(500)) == BY_PERSON["typing"].pace.burst


def test_one_network_has_a_pace(told: Typing, clock: list[float]) -> None:
    crowd = range(BY_NETWORK["typing"].pace.burst // 2 + 100)
    # Nobody is kept from a first word by what others do.
    assert all(told.begins(f"p{number}", "work", "192.0.2.1") for number in crowd)
    assert sum(told.begins(f"p{number}", "study", "192.0.2.1") for number in crowd) == len(crowd) - 200
    assert told.begins("ada", "work", "192.0.2.2")
    assert told.begins("ben", "work", "")
