"""A message of very many lines is folded, and shown whole to whoever wants it."""

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open, live, say
from tests.support.clients import unique

LONG = "\n".join(f"line {number}" for number in range(60))


def top(page: Page, seq: int) -> float:
    return page.locator(f'[data-seq="{seq}"]').evaluate("(entry) => entry.getBoundingClientRect().top")


@pytest.fixture
def page(open_page: Open, chat: Chat, room: str) -> Page:
    """A room with one long message among short ones, in view from its first line."""
    author = chat.people.claim(unique("Author"), "")
    chat.visits.enter(author, room)
    for number, text in enumerate(["short", "\n".join("x" * 40), LONG + "\nhttps://example.org/last", *["after"] * 40]):
        chat.messages.post(author, room, text, f"id{number}")
    page = open_page(unique("Reader"), path=f"/rooms/{room}")
    expect(page.locator("[data-unfold]")).to_be_visible()
    return page


def test_only_what_is_longer_than_40_lines_is_folded(page: Page) -> None:
    expect(page.locator("[data-folded]")).to_have_count(1)
    expect(page.locator('[data-seq="3"] [data-folded]')).to_have_count(1)
    assert page.locator('[data-seq="3"]').bounding_box()["height"] < 600
    # All of it is there to hear, to copy and to search.
    assert "line 59" in (page.locator('[data-seq="3"] .text').text_content() or "")


def test_a_key_unfolds_it_and_what_is_read_stays(page: Page) -> None:
    button = page.locator("[data-unfold]")
    button.focus()
    before = top(page, 3)
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_have_text("Show less")
    assert abs(top(page, 3) - before) < 1
    assert page.locator('[data-seq="3"]').bounding_box()["height"] > 1200
    button.click()
    expect(button).to_have_text("Show all")
    expect(page.locator('[data-seq="3"] .entry-head')).to_be_in_viewport()


def test_what_has_the_focus_within_is_shown(page: Page) -> None:
    page.locator('[data-seq="3"] a').focus()
    expect(page.locator("[data-folded]")).to_have_count(0)
    expect(page.locator('[data-seq="3"] a')).to_be_in_viewport()


def test_one_s_own_is_folded_too_and_nothing_is_without_a_script(page: Page, open_page: Open, room: str) -> None:
    say(page, LONG)
    expect(page.locator("[data-folded]")).to_have_count(2)
    page.reload()
    live(page)
    expect(page.locator("[data-folded]")).to_have_count(2)
    plain = open_page(unique("Plain"), path=f"/rooms/{room}", java_script_enabled=False)
    expect(plain.locator('[data-seq="3"]')).to_be_visible()
    expect(plain.locator("[data-folded], [data-unfold]")).to_have_count(0)
