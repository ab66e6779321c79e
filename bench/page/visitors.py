"""The visitors of the page: browsers, and somebody who writes."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from bench.seeds import fill, make_rooms
from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Store

# How many times slower a phone is than this machine.
SLOWED = 4
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
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
    """Browsers that come to a chat, and somebody who writes in it."""

    def __init__(self, browser: Browser, url: str, redis_url: str) -> None:
        self._browser = browser
        self.url = url
        self.redis_url = redis_url
        self.chat = Chat(Store(redis_url), Config(redis_url=redis_url, rate_limit=False))
        self._run = secrets.token_hex(4)
        self._writer = self.chat.people.claim(f"Writer {self._run}", "")
        self._rooms = 0

    def room(self, entries: int = 50) -> str:
        """A room of its own, with so many entries."""
        self._rooms += 1
        name = f"room-{self._run}-{self._rooms}"
        make_rooms(self.redis_url, name)
        fill(self.redis_url, name, entries)
        self.chat.visits.enter(self._writer, name)
        return name

    def head(self, room: str) -> int:
        """The `seq` of a room's newest entry."""
        position = self.chat.log.position(room)
        assert position
        return position.seq

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
        self.chat.visits.enter(person, room)
        page.goto(f"/rooms/{room}")
        page.wait_for_selector('[data-status="live"]')
        self.rest(page)

    def rest(self, page: Page) -> None:
        """Wait until a page has nothing to do: what is measured begins there."""
        page.evaluate("new Promise((resolve) => requestIdleCallback(resolve))")
