"""What a process remembers of many: within bounds, and the newest of it."""

import time

import pytest

from chat.domain import recent
from chat.domain.recent import Buckets, Recent


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


@pytest.mark.parametrize(("burst", "per_second"), [(1, 1.0), (20, 2.0), (600, 1 / 60), (3, 0.3)])
def test_a_bucket_gives_a_burst_and_then_a_pace(clock: list[float], burst: int, per_second: float) -> None:
    buckets = Buckets(burst, per_second)
    assert [buckets.take("ada") for _ in range(burst)] == [0.0] * burst
    for _ in range(3):
        wait = buckets.take("ada")
        assert wait == pytest.approx(1 / per_second)
        clock[0] += wait / 2
        assert buckets.take("ada") == pytest.approx(wait / 2)
        clock[0] += wait / 2
        assert buckets.take("ada") == 0.0
    assert buckets.take("ben") == 0.0
    clock[0] += 10 * burst / per_second
    assert [buckets.take("ada") for _ in range(burst)] == [0.0] * burst
    assert buckets.take("ada") > 0


def test_a_token_that_is_put_back_is_there_again(clock: list[float]) -> None:
    buckets = Buckets(2, 1)
    buckets.take("ada")
    buckets.take("ada")
    buckets.give_back("ada")
    assert buckets.take("ada") == 0.0
    assert buckets.take("ada") > 0


def test_buckets_are_of_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    buckets = Buckets(1, 0.001)
    for number in range(recent.MOST + 500):
        buckets.take(str(number))
    assert len(buckets) == recent.MOST
    assert buckets.take(str(recent.MOST + 499)) > 0
