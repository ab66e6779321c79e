"""`python -m bench.page`: measures the page in Chromium, on a desktop and a slowed phone, and over a slow network."""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import which
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from bench import report
from bench.measures import Figure, Row, Target, say
from bench.processes import Redis, Server
from bench.seeds import fill, make_rooms
from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Store

MISSED = 2_000
RATE, SECONDS = 100, 20
RECEIVED = 5_000
TEXT = "Message {}, as long as what people say to each other."
LATENCY, BYTES_PER_SECOND = 300, 1.6e6 / 8
"""The slow network: milliseconds of a round trip, and what it carries."""
SLOWED = 4
"""How many times slower a phone is than this machine."""
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.tasks.push(duration)))
  .observe({ type: "longtask", buffered: true });
window.lags = [];
addEventListener("DOMContentLoaded", () => {
  const feed = document.querySelector("[data-entries]");
  if (!feed) return;
  new MutationObserver((records) => {
    const now = Date.now();
    for (const { addedNodes } of records) {
      for (const { dataset } of addedNodes) if (dataset?.seq) window.lags.push(now - Number(dataset.at));
    }
  }).observe(feed, { childList: true });
});
"""


class Visitors:
    """A chat with a Redis of its own, and browsers that come to it."""

    def __init__(self, browser: Browser, redis: Redis, server: Server) -> None:
        self._browser = browser
        self.url = f"http://127.0.0.1:{server.port}"
        self.redis_url = redis.url
        self.chat = Chat(Store(redis.url), Config(redis_url=redis.url, rate_limit=False))
        self._writer = self.chat.people.claim("Writer", "")
        self._rooms = 0

    def room(self, entries: int = 50) -> str:
        """A room of its own, with so many entries."""
        self._rooms += 1
        name = f"room-{self._rooms}"
        make_rooms(self.redis_url, name)
        fill(self.redis_url, name, entries)
        self.chat.memberships.join(self._writer, name)
        return name

    def post(self, room: str, count: int, rate: float = 0) -> None:
        """Say so many things, at once or so many a second."""
        began = time.monotonic()
        for number in range(count):
            if rate:
                time.sleep(max(0, began + number / rate - time.monotonic()))
            self.chat.messages.post(
                self._writer, room, f"Message {number}, as long as what people say.", f"{began}-{number}"
            )

    @contextmanager
    def page(self, *, phone: bool = False) -> Iterator[tuple[Page, CDPSession]]:
        """A page of somebody who has a name, in the default room."""
        context = self._browser.new_context(
            base_url=self.url, viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone
        )
        context.set_default_timeout(120_000)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto("/")
        page.fill("#name", f"Reader {time.monotonic()}")
        page.click("button[type=submit]")
        page.wait_for_selector('[data-status="live"]')
        session = context.new_cdp_session(page)
        if phone:
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        yield page, session
        context.close()

    def enter(self, page: Page, room: str) -> None:
        """Have a page be in a room, as a member of it."""
        person = self.chat.people.find(page.get_attribute("#room", "data-own") or "")
        assert person
        self.chat.memberships.join(person, room)
        page.goto(f"/rooms/{room}")
        page.wait_for_selector('[data-status="live"]')


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
        page.wait_for_selector(f'[data-seq="{50 + RATE * SECONDS}"]')
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


def arrival(at: Visitors) -> Iterator[Figure]:
    """Coming to a room over a slow network, for the first time and again."""
    with at.page() as (page, session):
        room = at.room()
        at.enter(page, room)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        network = {
            "offline": False,
            "latency": LATENCY,
            "downloadThroughput": BYTES_PER_SECOND,
            "uploadThroughput": BYTES_PER_SECOND,
        }
        session.send("Network.emulateNetworkConditions", network)
        for visit, paint, live in (("cold", 950, 1700), ("warm", 950, 1300)):
            came = _arrive(page, session, f"/rooms/{room}")
            yield Figure("arrival", f"{visit}, first paint", came["paint"], "ms", Target(paint))
            yield Figure("arrival", f"{visit}, live", came["live"], "ms", Target(live))
            yield Figure(
                "arrival",
                f"{visit}, over the network",
                came["bytes"] / 1024,
                "KB",
                Target(45) if visit == "cold" else None,
            )
            yield Figure("arrival", f"{visit}, requests", came["requests"], "", None if visit == "cold" else Target(2))


def _arrive(page: Page, session: CDPSession, path: str) -> dict[str, float]:
    """Load a page anew: what came over the network for it, and when it was painted and live, in milliseconds."""
    seen: dict[str, float] = {"bytes": 0, "requests": 0}
    cached: set[str] = set()

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] not in cached and event["encodedDataLength"]:
            seen["bytes"] += event["encodedDataLength"]
            seen["requests"] += 1

    served = lambda event: cached.add(event["requestId"])  # noqa: E731
    session.on("Network.loadingFinished", finished)
    session.on("Network.requestServedFromCache", served)
    page.goto(path, wait_until="commit")
    live = page.evaluate(
        """() => new Promise((resolve) => {
            const look = () => document.querySelector('[data-status="live"]')
                ? resolve(performance.now()) : setTimeout(look, 5);
            look();
        })"""
    )
    page.wait_for_load_state()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    session.remove_listener("Network.loadingFinished", finished)
    session.remove_listener("Network.requestServedFromCache", served)
    return seen | {"live": live, "paint": paint}


def _cost(at: Visitors, page: Page, session: CDPSession, room: str) -> float:
    """The milliseconds of the page's main thread that a message takes."""
    count = 300
    start = _busy(session)
    at.post(room, count, 60)
    page.wait_for_timeout(300)
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


def main() -> int:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured, for the median (default: 3)")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="only this")
    ask = parser.parse_args()
    print(report.heading())
    with (
        sync_playwright() as playwright,
        Redis() as redis,
        Server("chat", redis, workers=1) as server,
    ):
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=QUIET)
        at = Visitors(browser, redis, server)
        for name in ask.only or PARTS:
            found = []
            for run in range(ask.runs):
                say(f"{name}, run {run + 1} of {ask.runs}")
                found.append(list(PARTS[name](at)))
            for same in zip(*found, strict=True):
                print(report.line(Row(list(same))), flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
