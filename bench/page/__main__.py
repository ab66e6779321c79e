"""`python -m bench.page`: measures the page in Chromium, on a desktop and a slowed phone, and over a slow network."""

import argparse
import os
import sys
from shutil import which

from playwright.sync_api import sync_playwright

from bench import report
from bench.measures import Row, say
from bench.page.parts import PARTS
from bench.page.visitors import Visitors
from bench.processes import Redis, Server

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> int:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured, for the median (default: 3)")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="only this")
    ask = parser.parse_args()
    if node := which("node"):
        # The one that Playwright carries wants a library that not every machine has.
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node)
    print(report.heading())
    with (
        sync_playwright() as playwright,
        Redis() as redis,
        Server("chat", redis, workers=1) as server,
    ):
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=QUIET)
        at = Visitors(browser, f"http://127.0.0.1:{server.port}", redis.url)
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
