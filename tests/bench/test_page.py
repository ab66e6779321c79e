"""The page's benchmark measures what a browser sees."""

import subprocess
from collections.abc import Callable

from playwright.sync_api import Browser

from bench.page.arrivals import arrival
from bench.page.visitors import Visitors
from tests.support.servers import CHECKOUT, Server


def test_a_page_arrives_in_few_requests_and_again_without_any_but_itself(
    new_server: Callable[..., Server], browser: Browser, redis_url: str
) -> None:
    subprocess.run(["node", "scripts/build.mjs"], cwd=CHECKOUT, check=True)
    figures = {each.what: each for each in arrival(Visitors(browser, new_server().url, redis_url))}
    # The page, its styles, its script, and at times its icon, which a browser fetches when it likes.
    assert 3 <= figures["cold, requests"].value <= 4
    assert 1 <= figures["warm, requests"].value <= 2
    amount = figures["cold, over the network"]
    assert amount.target and amount.target.met(amount.value)
    assert figures["warm, over the network"].value < amount.value / 3
    for visit in ("cold", "warm"):
        assert 300 < figures[f"{visit}, first paint"].value <= figures[f"{visit}, live"].value
