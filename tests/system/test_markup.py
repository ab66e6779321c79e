"""The browser shows what people wrote as the server does: the same tables as in `tests/web/test_markup.py`."""

import json
from pathlib import Path

from playwright.sync_api import Page

CASES = Path(__file__).parents[1] / "cases"


def test_addresses_are_found_as_on_the_server(ada_page: Page) -> None:
    cases = json.loads((CASES / "links.json").read_text())
    found = ada_page.evaluate(
        """async (texts) => {
            const { parts } = await import("/static/js/text.js");
            const bare = ({ text, href }) => (href ? { text, href: true } : { text });
            return texts.map((text) => parts(text).map(bare));
        }""",
        [case["text"] for case in cases],
    )
    assert found == [case["parts"] for case in cases]


def test_initials_are_those_of_the_server(ada_page: Page) -> None:
    cases = json.loads((CASES / "initials.json").read_text())
    found = ada_page.evaluate(
        """async (names) => {
            const { initials } = await import("/static/js/faces.js");
            return names.map(initials);
        }""",
        [case["name"] for case in cases],
    )
    assert found == [case["initials"] for case in cases]
