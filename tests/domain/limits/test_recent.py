"""What a process remembers of many: within bounds, and the newest of it."""

import time

import pytest

from chat.domain.limits import recent
from chat.domain.limits.recent import Buckets, Recent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that buckets see, to be set."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_what_was_put_there_longest_ago_is_forgotten() -> None:
    remembered: Recent[int] = Recent(3)
    for number, key in enumerate("abcad"):
        remembered.put(key, number)
    assert len(remembered) == 3
    assert [remembered.get(key, -1) for key in "abcd"] == [3, -1, 2, 4]
    remembered.forget("a")
    assert "a" not in remembered


def took(buckets: Buckets, key: str = "ada") -> bool:
    """Take a token, if there is one."""
    free = not buckets.wait(key)
    if free:
        buckets.take(key)
    return free


@pytest.mark.parametrize(("burst", "per_second"), [(1, 1.0), (20, 2.0), (600, 1 / 60), (3, 0.3)])
def test_a_bucket_gives_a_burst_and_then_a_pace(clock: list[float], burst: int, per_second: float) -> None:
    buckets = Buckets(burst, per_second)
    assert [took(buckets) for _ in range(burst + 1)] == [True] * burst + [False]
    for _ in range(3):
        wait = buckets.wait("ada")
        assert wait == pytest.approx(1 / per_second)
        clock[0] += wait / 2
        assert buckets.wait("ada") == pytest.approx(wait / 2)
        clock[0] += wait / 2
        assert took(buckets)
        assert not took(buckets)
    assert took(buckets, "ben")
    clock[0] += 10 * burst / per_second
    assert [took(buckets) for _ in range(burst + 1)] == [True] * burst + [False]


def test_a_token_that_is_put_back_is_there_again(clock: list[float]) -> None:
    buckets = Buckets(2, 1)
    assert took(buckets) and took(buckets)
    buckets.give_back("ada")
    assert took(buckets)
    assert not took(buckets)


def test_a_bucket_rests_from_when_it_is_full_and_asking_does_not_disturb_it(clock: list[float]) -> None:
    buckets = Buckets(1, 0.5)
    assert buckets.rested("ada", 1e9)
    buckets.take("ada")
    for _ in range(31):
        assert buckets.rested("ada", 30) == (clock[0] >= 1032)
        buckets.wait("ada")
        clock[0] += 1
    assert not buckets.rested("ada", 30)
    clock[0] += 1
    assert buckets.rested("ada", 30)


def test_buckets_are_of_a_bounded_number() -> None:
    buckets = Buckets(1, 0.001)
    for number in range(recent.MOST + 500):
        buckets.take(str(number))
    assert len(buckets) == recent.MOST
    assert buckets.wait(str(recent.MOST + 499)) > 0
    assert not buckets.wait("0")
