"""Leaving the chat: it asks first, is done or not, and nobody loses a word by it."""

import re

from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open, away, live, say, shows
from tests.support.clients import Client, unique

ASKS = "Leave, and give your name back?"


def leave(page: Page) -> None:
    """Ask to leave, and mean it."""
    page.get_by_role("link", name="Leave…").click()
    expect(page.get_by_role("heading", name=ASKS)).to_be_visible()
    page.get_by_role("button", name="Leave and give the name back").click()
    expect(page.locator("#name")).to_be_visible()


def written(page: Page) -> list[str]:
    """The keys of what the browser keeps for all tabs."""
    return sorted(page.evaluate("Object.keys(localStorage)"))


def test_leaving_asks_and_who_stays_goes_on_where_they_were(ada_page: Page, chat: Chat, room: str) -> None:
    own = ada_page.get_attribute("#room", "data-own")
    ada_page.fill("[name=msg]", "half a thought")
    ada_page.get_by_role("link", name="Leave…").click()
    expect(ada_page.get_by_role("heading", name=ASKS)).to_be_visible()
    assert chat.people.find(own)
    ada_page.get_by_role("link", name="Stay").click()
    live(ada_page)
    expect(ada_page.locator("h1")).to_have_text(room)
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")


def test_what_was_written_goes_when_leaving_is_done_and_nothing_else(
    ada_page: Page, open_page: Open, chat: Chat, room: str
) -> None:
    own = ada_page.get_attribute("#room", "data-own")
    ada_page.fill("[name=msg]", "half a thought")
    ada_page.evaluate("localStorage.setItem('of-another-program', 'mine')")
    assert f"draft:{room}" in written(ada_page)
    leave(ada_page)
    expect(ada_page.locator(".flash")).to_contain_text("You left")
    ada_page.wait_for_function("Object.keys(localStorage).length === 1")
    assert written(ada_page) == ["of-another-program"]
    assert not chat.people.find(own)
    ada_page.fill("#name", unique("Next"))
    ada_page.click("button[type=submit]")
    ada_page.goto(f"/rooms/{room}")
    expect(ada_page.locator("[name=msg]")).to_have_value("")


def test_leaving_with_a_form_of_before_does_nothing_and_keeps_what_was_written(ada_page: Page, room: str) -> None:
    own = ada_page.get_attribute("#room", "data-own")
    ada_page.fill("[name=msg]", "half a thought")
    ada_page.get_by_role("link", name="Leave…").click()
    ada_page.locator("[name=csrf_token]").evaluate("field => (field.value = 'of before')")
    ada_page.get_by_role("button", name="Leave and give the name back").click()
    shows(ada_page.locator(".flash"), "nothing was done yet")
    ada_page.goto(f"/rooms/{room}")
    live(ada_page)
    assert ada_page.get_attribute("#room", "data-own") == own
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")


def test_offline_leaving_says_so_and_does_nothing(ada_page: Page, room: str) -> None:
    away(ada_page)
    expect(ada_page.locator("[data-live-region]")).to_contain_text("You are offline")
    say(ada_page, "away")
    ada_page.fill("[name=msg]", "half a thought")
    ada_page.get_by_role("link", name="Leave…").click()
    shows(ada_page.locator("[data-announcement]"), "You are offline")
    ada_page.context.set_offline(False)
    expect(ada_page.locator('[data-state="sent"] [data-slot=text]')).to_have_text(["away"], timeout=15_000)
    expect(ada_page.locator("[data-live-region]")).to_contain_text("You are back online")
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")


def test_the_other_tab_says_what_happened_and_keeps_what_was_typed(
    ada_page: Page, open_page: Open, chat: Chat, room: str
) -> None:
    other = open_page(context=ada_page.context, path=f"/rooms/{room}")
    live(other)
    other.fill("[name=msg]", "half a thought")
    leave(ada_page)
    bar = other.locator("[data-outside]")
    shows(bar, "You left in another tab")
    expect(other.locator("[data-status]")).to_have_text("left")
    other.locator("[name=msg]").press_sequentially(", and more")
    other.press("[name=msg]", "Enter")
    expect(other.locator("[data-entry]")).to_have_count(0)
    # It is this tab's alone: the next person in this browser does not find it in theirs.
    expect(other.locator("[name=msg]")).to_have_value("half a thought, and more")
    assert written(other) == []
    bar.get_by_role("link", name="Come in again").click()
    other.fill("#name", unique("Ada"))
    other.click("button[type=submit]")
    live_or_outside = other.locator("[data-status]")
    expect(live_or_outside).to_have_text(re.compile("live|not joined"))
    expect(other.locator("h1")).to_have_text(room)
    expect(other.locator("[name=msg]")).to_have_value("half a thought, and more")


def test_a_tab_that_slept_through_it_says_so_too(ada_page: Page, open_page: Open, chat: Chat, room: str) -> None:
    other = open_page(context=ada_page.context, path=f"/rooms/{room}")
    live(other)
    away(other)
    say(other, "never sent")
    other.fill("[name=msg]", "half a thought")
    own = other.get_attribute("#room", "data-own")
    chat.sign_out(own)
    other.context.set_offline(False)
    shows(other.locator("[data-outside]"), "your name was given back", within=20)
    expect(other.locator('[data-state="failed"]')).to_contain_text("never sent")
    expect(other.locator("[name=msg]")).to_have_value("half a thought")


def test_leaving_the_chat_and_leaving_a_room_do_not_look_alike(ada_page: Page, ada: Client) -> None:
    chat, room = ada_page.locator("[data-leave]"), ada_page.locator("[data-leave-room] button")
    color = "element => getComputedStyle(element).color"
    assert chat.evaluate(color) != room.evaluate(color)
    expect(room).to_have_text("Leave room")


def test_without_a_script_leaving_asks_too(open_page: Open, room: str) -> None:
    page = open_page(unique("Plain"), path=f"/rooms/{room}", java_script_enabled=False)
    page.get_by_role("link", name="Leave…").click()
    page.get_by_role("link", name="Stay").click()
    expect(page.locator("h1")).to_have_text(room)
    leave(page)
