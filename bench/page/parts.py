"""What is measured of the page."""

import threading
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import CDPSession, Page

from bench.measures import Figure, Target
from bench.page.arrivals import arrival
from bench.page.visitors import SLOWED, Visitors

MISSED = 2_000
RATE, SECONDS = 100, 20
RECEIVED = 5_000
TEXT = "Message {}, as long as what people say to each other."


def back(at: Visitors, phone: bool) -> Iterator[Figure]:
    """Coming back after many messages were missed."""
    where = _where(phone)
    with at.page(phone=phone) as (page, _):
        room = at.room()
        at.enter(page, room)
        page.context.set_offline(True)
        page.wait_for_selector('[data-status="offline"]')
        at.post(room, MISSED)
        page.evaluate("window.tasks.length = 0")
        began = time.monotonic()
        page.context.set_offline(False)
        page.wait_for_selector("[data-caught-up]:not(:empty)")
        page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        yield Figure(
            "back", f"after {MISSED:,} missed, {where}", time.monotonic() - began, "s", Target(4 if phone else 1)
        )
        yield Figure("back", f"the longest task, {where}", _longest(page), "ms", Target(200))


def busy(at: Visitors, phone: bool) -> Iterator[Figure]:
    """A room in which much is said."""
    where = _where(phone)
    with at.page(phone=phone) as (page, _):
        room = at.room()
        at.enter(page, room)
        page.evaluate("window.tasks.length = window.lags.length = 0")
        said = threading.Thread(target=at.post, args=[room, RATE * SECONDS, RATE])
        said.start()
        said.join()
        page.wait_for_selector(f'[data-seq="{at.head(room)}"]')
        lag = page.evaluate("Math.max(...window.lags)") / 1000
        yield Figure(
            "busy", f"{RATE} a second for {SECONDS} s, the worst lag, {where}", lag, "s", Target(2 if phone else 0.5)
        )
        yield Figure("busy", f"the longest task, {where}", _longest(page), "ms", Target(200))


def old(at: Visitors) -> Iterator[Figure]:
    """A page that received much, beside a new one."""
    with at.page() as (page, session):
        room = at.room()
        at.enter(page, room)
        session.send("Performance.enable")
        new = _cost(at, page, session, room)
        at.post(room, RECEIVED, 400)
        cost = _cost(at, page, session, room)
        yield Figure("old", f"a message after {RECEIVED:,}, beside one to a new page", cost / new, "x", Target(1.15))


def _cost(at: Visitors, page: Page, session: CDPSession, room: str) -> float:
    """The milliseconds of the page's main thread that a message takes."""
    count = 300
    start = _busy(session)
    at.post(room, count, 60)
    page.wait_for_selector(f'[data-seq="{at.head(room)}"]')
    at.rest(page)
    return (_busy(session) - start) / count


def _busy(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def _longest(page: Page) -> float:
    return float(page.evaluate("Math.max(0, ...window.tasks)"))


def _where(phone: bool) -> str:
    return f"phone (CPU slowed by {SLOWED})" if phone else "desktop"


PARTS: dict[str, Callable[[Visitors], Iterator[Figure]]] = {
    "back": lambda at: back(at, False),
    "back-phone": lambda at: back(at, True),
    "busy": lambda at: busy(at, False),
    "busy-phone": lambda at: busy(at, True),
    "old": old,
    "arrival": arrival,
}
