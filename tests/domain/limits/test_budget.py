"""A budget of bytes: generous after an absence, bounded for whoever asks without end, and forgotten in time."""

import pytest

from chat.config import Config
from chat.domain.limits.budget import BURST, PER_SECOND, Budget
from chat.domain.people.people import Person
from chat.errors import ChatError

ADA, BEN = Person("a", "Ada"), Person("b", "Ben")
AT_ONCE = int(BURST * PER_SECOND)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(Config(), clock)


def test_a_long_absence_is_read_at_once_and_what_is_beyond_it_in_time(budget: Budget, clock: Clock) -> None:
    read = 0
    while read <= AT_ONCE:
        budget.check(ADA)
        budget.spend(ADA, 100_000)
        read += 100_000
    with pytest.raises(ChatError) as refused:
        budget.check(ADA)
    assert refused.value.code == "too_fast"
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 0.1
    budget.check(BEN)
    clock.now += refused.value.retry_after
    budget.check(ADA)


def test_nobody_reads_more_than_the_budget_however_they_ask(budget: Budget, clock: Clock) -> None:
    read = 0
    for _ in range(10_000):
        clock.now += 0.001
        try:
            budget.check(ADA)
        except ChatError:
            continue
        budget.spend(ADA, 256 * 1024)
        read += 256 * 1024
    assert AT_ONCE + 9 * PER_SECOND < read < AT_ONCE + 11 * PER_SECOND


def test_whoever_reads_much_is_not_forgotten_for_many_who_read_little(budget: Budget, clock: Clock) -> None:
    budget.spend(ADA, 10 * AT_ONCE)
    for number in range(10_000):
        budget.spend(Person(f"{number}", "x"), 50_000)
    clock.now += 1
    with pytest.raises(ChatError):
        budget.check(ADA)


def test_where_limits_are_lifted_nobody_waits(clock: Clock) -> None:
    unlimited = Budget(Config(rate_limit=False), clock)
    unlimited.spend(ADA, 100 * AT_ONCE)
    unlimited.check(ADA)


def test_what_the_next_page_may_weigh_follows_the_heaviest_and_falls_slowly(budget: Budget) -> None:
    for _ in range(100):
        budget.spend(ADA, 1_000)
    assert budget.heaviest == 1_000
    budget.spend(BEN, 256_000)
    for _ in range(10):
        budget.spend(ADA, 1_000)
    assert budget.heaviest > 200_000
    for _ in range(1_000):
        budget.spend(ADA, 1_000)
    assert budget.heaviest == 1_000
