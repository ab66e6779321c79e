"""Real browsers: Debian's Chromium, driven by Playwright. One for all tests, wherever they stand."""

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.support.proxy import Proxy
from tests.support.servers import CHECKOUT, Server

ARTIFACTS = CHECKOUT / "artifacts"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has windows of its own in it."""
    path, node = shutil.which("chromium"), shutil.which("node")
    assert path, "The browser tests need Chromium on the PATH."
    if node:
        # The one that Playwright carries wants a library that not every machine has.
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens pages, each in a browser of its own unless told to share one. A script's complaint fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(
        name: str = "",
        *,
        phone: bool = False,
        dark: bool = False,
        context: BrowserContext | None = None,
        path: str = "/",
        to: Server | Proxy | None = None,
        prepare: Callable[[Page], None] = lambda _: None,
        **options: object,
    ) -> Page:
        if context is None:
            context = browser.new_context(
                base_url=(to or request.getfixturevalue("server")).url,
                viewport=PHONE if phone else DESKTOP,
                is_mobile=phone,
                has_touch=phone,
                color_scheme="dark" if dark else "light",
                **options,
            )
            context.set_default_timeout(10_000)
            contexts.append(context)
        page = context.new_page()
        prepare(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(path if not name else "/")
        if name:
            page.fill("#name", name)
            page.click("button[type=submit]")
            if path != "/":
                page.goto(path)
                come_in(page)
        if name and options.get("java_script_enabled", True):
            live(page)
        return page

    yield make
    ARTIFACTS.mkdir(exist_ok=True)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        test = re.sub(r"\W+", "-", request.node.name).strip("-")
        page.screenshot(path=ARTIFACTS / f"{test}-{number}.png")
    for context in contexts:
        context.close()
    # A page that is not there, or a connection that the test itself cut, is no complaint of the script's.
    expected = ("net::ERR_", "WebSocket", "Failed to load resource")
    assert [each for each in complaints if not any(words in each for words in expected)] == []


def come_in(page: Page) -> None:
    """Join the room that the page shows, if one is not in it."""
    button = page.locator("[data-outside] button")
    if button.is_visible():
        button.click()
        expect(button).to_be_hidden()


def live(page: Page) -> None:
    """Wait until the page has its connection."""
    page.wait_for_selector('[data-status="live"]')


def away(page: Page) -> None:
    """Take the network away from a page, and from all that share its browser."""
    page.context.set_offline(True)
    page.wait_for_selector('[data-status="offline"]')


def say(page: Page, text: str) -> None:
    """Write and send a message."""
    page.fill("[name=msg]", text)
    page.press("[name=msg]", "Enter")


def shows(locator: Locator, text: str, *, within: float = 5) -> None:
    """See that something is on the page and says this: what is hidden has its text, too."""
    expect(locator).to_be_visible(timeout=1000 * within)
    expect(locator).to_contain_text(text)


def texts(page: Page) -> list[str]:
    """The messages in the feed, in its order."""
    return page.locator("[data-entry] [data-slot=text]").all_inner_texts()
