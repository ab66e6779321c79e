"""How long it takes until a page is there over a slow network, and what comes for it."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import CDPSession, Page

from bench.measures import Figure, Target
from bench.page.visitors import Visitors

# The slow network: milliseconds of a round trip, and what it carries.
LATENCY, BYTES_PER_SECOND = 300, 1.6e6 / 8


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
