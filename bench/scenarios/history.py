"""A long room: reading anywhere in it, its page, and posting to it."""

import itertools
import re
import statistics
import time
from collections.abc import Generator, Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import msgspec

from bench.loop import Connection
from bench.measures import Figure, Plan, Site, Target, say, site, timed
from bench.processes import ProcessError
from bench.seeds import fill, make_rooms

ENTRIES = 100_000
FEW_ENTRIES = 10_000
"""In a quick run."""
LONG, EMPTY = "long", "empty"
READS = 200
PAGES = 50
POSTS = 500
BLOCKS = 10
"""In so many parts."""
TEXT = "A post among others."

_numbers = itertools.count(1)


def history(plan: Plan) -> Generator[list[Figure]]:
    """(h) Reading 50 entries of a long room, rendering its page, and posting to it and to an empty room.

    The room is filled once for all runs.
    """
    entries = FEW_ENTRIES if plan.quick else ENTRIES
    with site("chat") as at:
        make_rooms(at.redis.url, LONG, EMPTY)
        say(f"    filling a room with {entries:,} entries")
        fill(at.redis.url, LONG, entries)
        reader = at.load.connect(1, LONG, "sender")[0]
        writer = at.load.connect(1, EMPTY, "sender")[0]
        at.load.wait(2)
        while True:
            yield list(_run(at, reader, writer, entries))


def _run(at: Site, reader: Connection, writer: Connection, entries: int) -> Iterator[Figure]:
    took, trips = _read(at, reader, entries)
    yield Figure("history", f"50 entries anywhere in a room of {entries:,}", took * 1e3, "ms", Target(5))
    yield Figure("history", "round trips to Redis for them", trips, "", Target(1.05))
    pages = _pages(at.server.port)
    yield Figure("history", f"the page of a room of {entries:,}", statistics.median(pages) * 1e3, "ms", Target(15))
    # In turn, so that what disturbs one disturbs the other.
    empty, full = _posts(at, [(writer, EMPTY), (reader, LONG)])
    empty_script, full_script = (_middle(at.redis.took("EVALSHA", f":room:{room} ", TEXT)) for room in (EMPTY, LONG))
    yield Figure("history", "a post to an empty room, until acknowledged", empty * 1e3, "ms")
    yield Figure("history", f"a post to a room of {entries:,}", full * 1e3, "ms")
    yield Figure("history", "the same as a multiple", full / empty, "x", Target(1.1))
    yield Figure("history", "the same, of the time in Redis", full_script / empty_script, "x", Target(1.1))


def _read(at: Site, reader: Connection, entries: int) -> tuple[float, float]:
    """The median seconds and the mean round trips of reading 50 entries, from places all over the room."""
    newest = msgspec.json.decode(at.load.call(reader, "history", {"room": LONG, "limit": 1})[3:])[0]
    # Of a log as long as it may be, each post takes one away at its beginning.
    oldest = newest["head"] - entries + 1
    start, trips = time.monotonic(), at.redis.round_trips()
    at.load.wait(3)
    # What the worker asks anyway, each second. One round trip is this question itself.
    idle = (at.redis.round_trips() - trips - 1) / (time.monotonic() - start)
    start, trips = time.monotonic(), at.redis.round_trips()
    seconds = []
    for number in range(READS):
        ask = {"room": LONG, "before": oldest + 50 + number * (entries - 51) // READS, "limit": 50}
        seconds.append(timed(lambda ask=ask: at.load.call(reader, "history", ask)))  # type: ignore[misc]
        if reader.answer.count(b'"type":"message"') != 50:
            raise ProcessError(f"history answered something else than 50 entries: {reader.answer[:200]!r}")
    trips = at.redis.round_trips() - trips - 1
    return statistics.median(seconds), (trips - idle * (time.monotonic() - start)) / READS


def _pages(port: int) -> list[float]:
    """The seconds that each of some pages of the room took, over one connection of a browser."""
    browser = HTTPConnection("127.0.0.1", port, timeout=10)
    cookie = ""

    def ask(method: str, path: str, body: str = "") -> tuple[int, str]:
        nonlocal cookie
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        browser.request(method, path, body or None, headers)
        answer = browser.getresponse()
        text = answer.read().decode()
        cookie = (answer.getheader("Set-Cookie") or cookie).partition(";")[0]
        return answer.status, text

    try:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', ask("GET", "/")[1])
        status, _ = ask(
            "POST", "/", urlencode({"name": f"Browser {next(_numbers)}", "csrf_token": token[1] if token else ""})
        )
        if status != 302:
            raise ProcessError(f"the chat answered {status} to who came in by its page")
        seconds = []
        for _ in range(PAGES):
            start = time.perf_counter()
            status, text = ask("GET", f"/rooms/{LONG}")
            seconds.append(time.perf_counter() - start)
            if status != 200 or "Message" not in text:
                raise ProcessError(f"the chat answered {status} where the page of a room was expected")
        return seconds
    finally:
        browser.close()


def _posts(at: Site, writers: list[tuple[Connection, str]]) -> list[float]:
    """For each writer and room, the median seconds until a post is acknowledged."""
    seconds: list[list[float]] = [[] for _ in writers]
    at.redis.watch()
    for _ in range(BLOCKS):
        for which, (writer, room) in enumerate(writers):
            for _ in range(POSTS // BLOCKS):
                ask = {"room": room, "msg": TEXT, "id": f"post-{next(_numbers)}"}
                seconds[which].append(timed(lambda ask=ask, writer=writer: at.load.call(writer, "sendMessage", ask)))  # type: ignore[misc]
    return [statistics.median(took) for took in seconds]


def _middle(values: list[float]) -> float:
    """The mean of the middle half: Redis times in whole microseconds, too coarse for a median of so few."""
    quarter = len(values) // 4
    return statistics.mean(sorted(values)[quarter : len(values) - quarter])
