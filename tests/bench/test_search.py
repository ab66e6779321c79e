"""The search ends near the limit of a server, from wherever it begins."""

import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.measures import Plan, Site
from bench.search import PRECISION, ROUGH, sustainable
from bench.steps import Step

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the load uses epoll")


class Limited:
    """A site by hand: beyond `limit` messages a second, everything is late; `stalls` lists steps that are disturbed."""

    def __init__(self, limit: float, stalls: tuple[int, ...] = ()) -> None:
        self.limit = limit
        self.stalls = stalls
        self.tried: list[float] = []
        self.load = self
        self.server = self.redis = SimpleNamespace(cpu=lambda: 0.0)

    def run(self, rate: float, seconds: float, _senders: list[Any]) -> Step:
        self.tried.append(rate)
        slow = rate > self.limit or len(self.tried) in self.stalls
        return Step(rate, seconds, took=seconds, latencies=[(0.0, 0.2 if slow else 0.01)])

    def drain(self, _within: float) -> bool:
        return True


def found(site: Limited, plan: Plan, begin: float, **options: Any) -> float:
    return sustainable(plan, "chat", cast(Site, site), [], begin, **options).rate


@pytest.mark.parametrize("limit", [3.0, 90.0, 100.0, 1_234.0])
def test_the_limit_is_found_from_below_and_from_above(limit: float) -> None:
    for begin in (limit / 5, limit, limit * 5):
        assert limit / PRECISION < found(Limited(limit), Plan(quick=False, files=0), begin) <= limit


@pytest.mark.parametrize("drift", [0.9, 1.0, 1.1])
def test_a_later_run_begins_where_the_last_one_ended_and_takes_few_rates(drift: float) -> None:
    plan = Plan(quick=False, files=0)
    found(Limited(100), plan, 5)
    later = Limited(100 * drift)
    assert later.limit / PRECISION < found(later, plan, 5) <= later.limit
    assert len(set(later.tried)) <= 4


def test_what_nearly_stands_is_tried_twice_but_not_where_it_may_be_rough() -> None:
    assert found(Limited(100, stalls=(1,)), Plan(quick=False, files=0), 80) > 100 / PRECISION
    assert found(Limited(100, stalls=(1,)), Plan(quick=False, files=0), 80, roughly=True) < 80


def test_roughly_ends_sooner() -> None:
    rough, close = Limited(100), Limited(100)
    assert 100 / ROUGH < found(rough, Plan(quick=True, files=0), 10) <= 100
    found(close, Plan(quick=False, files=0), 10)
    assert len(rough.tried) < len(close.tried)


def test_a_server_that_sustains_nothing_has_no_rate() -> None:
    assert found(Limited(0), Plan(quick=False, files=0), 10) == 0
