"""What people write takes time by its length and no more, whatever it is made of, here and in the browser.

Times of one run are compared with each other: 20 times the text takes about 20 times as long. If work were done for
each character on each other one, it would take 400 times as long.
"""

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chat import errors, logs
from chat import text as texts
from chat.domain.people import names
from chat.domain.rooms import rooms
from chat.errors import ChatError
from chat.live import schemas
from chat.live.packets import StrictJSON
from chat.web import markup
from tests.support.texts import AWKWARD

SCRIPT = Path(__file__).parent / "support" / "growth.mjs"
LENGTHS = (1_000, 10_000, 20_000)
MOST = 3
"""How many times more than by their lengths a longer text may take."""
LEAST = 0.05
LEAST_IN_A_PAGE = 0.2
"""Milliseconds for the shortest text, at least: what is faster is noise, more so where code is compiled as it runs."""
RUNS = 3
TRIES = 8
Times = dict[int, float]


def shown(text: str) -> list[markup.Shown]:
    entry = {"type": "message", "user": {"id": "a", "name": text}, "at": 1_700_000_000_000, "text": text}
    return list(markup.runs([entry] * 2))


def message(text: str) -> bool:
    return texts.is_empty(texts.cleaned(text).rstrip())


def sent(text: str) -> object:
    return schemas.parse(schemas.SendMessage, ({"msg": text, "id": text, "room": text},))


FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "a name": names.normalise,
    "a name that is looked up": names.spelled,
    "a room": rooms.normalise,
    "a room that is not there": errors.room_not_found,
    "a topic": rooms.topic_of,
    "a message": message,
    "initials": markup.initials,
    "links": markup.linked,
    "a run": shown,
    "a payload": sent,
    "a line of the log": logs.escaped,
    "a frame": lambda text: StrictJSON.loads(StrictJSON.dumps({"msg": text})),
}


def took(act: Callable[[str], Any], text: str) -> float:
    """Milliseconds of this thread's own, the best of some runs."""
    best = float("inf")
    for _ in range(RUNS):
        begin = time.thread_time_ns()
        with suppress(ChatError):
            act(text)
        best = min(best, time.thread_time_ns() - begin)
    return best / 1e6


def fits(times: Times, least: float = LEAST) -> bool:
    """Whether the longer texts took time by their lengths."""
    shortest = LENGTHS[0]
    first = max(times[shortest], least)
    return all(time <= MOST * first * length / shortest for length, time in times.items())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_server_takes_time_by_the_length_of_a_text(function: str) -> None:
    for name, text in AWKWARD.items():
        # A machine that is busy may be slow once; work that grows too fast is slow each time.
        for _ in range(TRIES):
            times = {length: took(FUNCTIONS[function], text(length)) for length in LENGTHS}
            if fits(times):
                break
        else:
            pytest.fail(f"{function} of {name}: {times} ms")


def test_the_page_takes_time_by_the_length_of_a_text() -> None:
    left = set(AWKWARD)
    for _ in range(TRIES):
        texts = {name: {length: AWKWARD[name](length) for length in LENGTHS} for name in left}
        done = subprocess.run(
            ["node", str(SCRIPT)],
            input=json.dumps({"texts": texts, "runs": RUNS}),
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        wrong = {
            f"{function} of {name}": times
            for function, found in json.loads(done.stdout).items()
            for name, times in found.items()
            if not fits({int(length): time for length, time in times.items()}, LEAST_IN_A_PAGE)
        }
        left = {each.partition(" of ")[2] for each in wrong}
        if not wrong:
            break
    assert not wrong


def test_every_awkward_text_is_as_long_as_it_says() -> None:
    for text in AWKWARD.values():
        assert [len(text(length)) for length in LENGTHS] == list(LENGTHS)
