"""What a browser asks for when it comes, and when it comes again."""

import subprocess
from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.browsers import Open, live
from tests.support.clients import unique
from tests.support.servers import CHECKOUT, Server

Start = Callable[..., Server]
ASKED = "() => performance.getEntriesByType('resource').filter((each) => each.transferSize).map((each) => each.name)"


def asked(page: Page) -> list[str]:
    """What came over the network for the page, beside itself."""
    return [name.rpartition("/")[2] for name in page.evaluate(ASKED)]


def test_a_second_visit_asks_for_nothing_that_did_not_change(
    new_server: Callable[..., Server], open_page: Open
) -> None:
    subprocess.run(["node", "scripts/build.mjs"], cwd=CHECKOUT, check=True)
    server = new_server()
    page = open_page(to=server)
    assert "all.css" in asked(page)
    page.fill("#name", unique("Ada"))
    page.click("button[type=submit]")
    live(page)
    assert asked(page) == ["app.js"]
    page.goto("/rooms/work")
    live(page)
    assert asked(page) == []
