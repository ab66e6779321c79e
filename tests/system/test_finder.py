"""In a long list of rooms one can search, and sees that something is unread below."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open
from tests.support.clients import unique

ROOMS = 40


@pytest.fixture
def page(open_page: Open, chat: Chat, room: str) -> Iterator[Page]:
    """A member's page of a chat with many rooms, in all of which something is unread."""
    author = chat.people.claim(unique("Author"), "")
    names = []
    page = open_page(unique("Reader"))
    reader = chat.people.find(page.get_attribute("#room", "data-own") or "")
    assert reader
    for number in range(ROOMS):
        name = chat.rooms.create(unique("many"), "", author).id
        names.append(name)
        for person in (author, reader):
            chat.visits.enter(person, name)
        chat.messages.post(author, name, "something new", f"id{number}")
    page.goto("/")
    yield page
    for name in names:
        chat.removals.remove(name)


def test_a_field_finds_rooms_and_enter_goes_there(page: Page) -> None:
    field = page.get_by_label("Find a room")
    name = page.locator("[data-room-link]").last.get_attribute("data-room-link") or ""
    field.fill(name.upper())
    expect(page.locator("[data-rooms] li:visible")).to_have_count(1)
    field.press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator("[name=msg]")).to_be_focused()
    expect(field).to_have_value("")
    field.fill("no such room")
    expect(page.locator("[data-no-rooms]")).to_be_visible()
    field.press("Escape")
    expect(page.locator("[data-no-rooms]")).to_be_hidden()


def test_what_is_unread_below_is_told_of_and_led_to(page: Page) -> None:
    unseen = page.locator("[data-unseen]")
    expect(unseen).to_contain_text("more unread rooms")
    page.locator("[data-rooms]").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    expect(unseen).to_be_hidden()
    page.locator("[data-rooms]").evaluate("(list) => list.scrollTo(0, 0)")
    unseen.click()
    assert page.locator("[data-rooms]").evaluate("(list) => list.scrollTop") > 0
