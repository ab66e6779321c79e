"""What goes on in the background fails loudly, goes on, and never ends in silence."""

import logging
import time
from collections.abc import Callable

import pytest

from chat import tasks


class Stop(Exception):  # noqa: N818
    """Ends a loop on purpose."""


class Loop:
    """A loop whose turns do these things, one after the other: raise what is an exception, and return all else."""

    def __init__(self, *turns: object) -> None:
        self.turns = list(turns)
        self.slept: list[float] = []
        self.ended = 0

    def step(self) -> bool | None:
        turn = self.turns.pop(0)
        if isinstance(turn, BaseException):
            raise turn
        return turn  # type: ignore[return-value]

    def end(self) -> None:
        self.ended += 1

    def run(self, sleep: Callable[[float], object] | None = None) -> "Loop":
        tasks.forever("the test", self.step, sleep=sleep or self.slept.append, end=self.end, stop=(Stop,))
        return self


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("chat"), "propagate", True)


@pytest.mark.parametrize("over", [True, Stop()])
def test_a_loop_ends_when_it_is_over(over: object) -> None:
    loop = Loop(None, False, over).run()
    assert loop.turns == [] and loop.slept == [] and not loop.ended


def test_a_loop_that_fails_pauses_goes_on_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop(ValueError("one"), OSError("two"), None, MemoryError(), True).run()
    assert loop.turns == [] and not loop.ended
    assert loop.slept == [tasks.PAUSE] * 3
    assert [record.getMessage() for record in caplog.records] == ["the test failed, and goes on: ValueError: one"]


def test_another_spell_of_failures_is_told_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def sleep(_: float) -> None:
        nonlocal now
        now += tasks.SPELL / 2 if len(loop.turns) > 2 else tasks.SPELL + 1

    loop = Loop(*[OSError("first")] * 5, OSError("second"), True)
    loop.run(sleep)
    assert [record.getMessage().split()[-1] for record in caplog.records] == ["first", "second"]


def test_what_the_system_refuses_is_one_line_and_a_fault_has_its_place(caplog: pytest.LogCaptureFixture) -> None:
    Loop(OSError(24, "Too many open files"), True).run()
    Loop(KeyError("x"), True).run()
    assert [record.exc_info is not None for record in caplog.records] == [False, True]


@pytest.mark.parametrize("fatal", [SystemExit(), GeneratorExit(), KeyboardInterrupt()])
def test_a_loop_that_ends_all_the_same_ends_its_worker(fatal: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop(None, fatal)
    with pytest.raises(type(fatal)):
        loop.run()
    assert loop.ended == 1
    assert "the test ended: this worker ends too" in caplog.text


def test_being_stopped_while_it_pauses_is_an_end_on_purpose() -> None:
    def sleep(_: float) -> None:
        raise Stop

    loop = Loop(OSError())
    loop.run(sleep)
    assert not loop.ended
