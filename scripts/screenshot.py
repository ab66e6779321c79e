"""Draws docs/screenshot.png: the chat as a visitor of the project's page meets it."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.clients import PythonClient
from tests.support.servers import CHECKOUT, Server

TALK = [
    (
        "Mira Okafor",
        "The rollout went through on both workers. Nobody noticed, which is the nicest thing to say about it.",
    ),
    ("Mira Okafor", "Numbers are in https://example.org/rollout"),
    ("Jonas", "Here is what I set, in case anyone wants to repeat it:\n\nCHAT_NAME=Harbour\nCHAT_DEFAULT_ROOM=work"),
    ("林 小雨", "很好！ Could somebody look at the empty room before lunch? It reads a bit cold."),
    ("Tove", "I have a warmer line and a small drawing. Sending both in a minute."),
]


def main() -> None:
    """Serve a chat of its own, have people talk, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), CHAT_NAME="Harbour", CHAT_RATE_LIMIT="off").started()
        people = {name: PythonClient(server.url).named(name) for name in dict(TALK)}
        for name, text in TALK:
            people[name].say(text)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1120, "height": 640})
        page.goto(server.url)
        page.fill("#name", "Ada")
        page.click("button[type=submit]")
        page.wait_for_selector('[data-status="live"]')
        page.fill("[name=msg]", "On it.")
        page.press("[name=msg]", "Enter")
        page.wait_for_selector('[data-user] >> text="On it."')
        page.wait_for_function("!document.querySelector('[data-state=pending]') && document.fonts.ready")
        page.screenshot(path=CHECKOUT / "docs" / "screenshot.png", animations="disabled")
        browser.close()
        for client in people.values():
            client.close()
        server.stop()


if __name__ == "__main__":
    main()
