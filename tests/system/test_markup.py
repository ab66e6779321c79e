"""The browser shows what people wrote as the server does: the same tables as in `tests/web/test_markup.py`."""

import pytest
from playwright.sync_api import Page, expect

from chat.web import markup
from tests.support.browsers import say
from tests.support.texts import INITIALS, LINKS


def test_addresses_are_found_as_on_the_server(ada_page: Page) -> None:
    found = ada_page.evaluate(
        """async (texts) => {
            const { parts } = await import("/static/js/lib/text.js");
            return texts.map(parts);
        }""",
        [case["text"] for case in LINKS],
    )
    assert found == [case["parts"] for case in LINKS]


def test_every_character_ends_or_begins_an_address_as_on_the_server(ada_page: Page) -> None:
    codes = [*range(0x3100), *range(0xFE00, 0x10000), 0x1F4A9, 0x20000, 0xE0001]
    given = [
        f"{c}https://{c}e.example/{c}x{c} www.{c}e.example{c} {c}a{c}@e.example{c} www.e.example/ {c}"
        for c in map(chr, codes)
    ]
    found = ada_page.evaluate(
        """async (texts) => {
            const { parts } = await import("/static/js/lib/text.js");
            return texts.map((text) => parts(text).map(({ text, href = "" }) => [text, href]));
        }""",
        given,
    )
    differ = {ascii(text): parts for text, parts in zip(given, found, strict=True) if parts != as_on_the_server(text)}
    assert differ == {}


def as_on_the_server(text: str) -> list[list[str]]:
    """The parts of a text, as JSON has them."""
    return [list(part) for part in markup.parts(text)]


def test_initials_are_those_of_the_server(ada_page: Page) -> None:
    found = ada_page.evaluate(
        """async (names) => {
            const { initials } = await import("/static/js/lib/faces.js");
            return names.map(initials);
        }""",
        [case["name"] for case in INITIALS],
    )
    assert found == [case["initials"] for case in INITIALS]


@pytest.mark.parametrize("turned", ["\u202e", "\u202d\u202e", "\u2067", "\u202b\u202e\u202e", "שלום "], ids=ascii)
def test_a_link_is_read_as_it_leads_whatever_stands_before_it(ada_page: Page, turned: str) -> None:
    address = "http://evil.example/moc.elgoog.www//:sptth"
    say(ada_page, f"{turned}{address} and on")
    expect(ada_page.locator("[data-seq] a")).to_have_text(address)
    for drawn_by in ("the script", "the server"):
        lefts = ada_page.locator("[data-seq] a").evaluate(
            """(link) => [...link.textContent].map((_, at) => {
                const range = document.createRange();
                range.setStart(link.firstChild, at);
                range.setEnd(link.firstChild, at + 1);
                return range.getBoundingClientRect().left;
            })"""
        )
        assert lefts == sorted(lefts), drawn_by
        ada_page.reload()
