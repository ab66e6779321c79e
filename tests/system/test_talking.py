"""Two people talk, each in a browser of their own."""

import re

import pytest
from playwright.sync_api import Page, expect

from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Store
from tests.conftest import Connect
from tests.support.browsers import Open, away, live, say, shows, texts
from tests.support.clients import Client, unique
from tests.support.memberships import lose
from tests.support.waiting import eventually


def test_two_people_talk(open_page: Open, room: str) -> None:
    ada, ben = (open_page(unique(name), path=f"/rooms/{room}") for name in ("Ada", "Ben"))
    expect(ada.locator("[data-person]")).to_have_count(2)
    expect(ada.locator("[data-notice]").last).to_contain_text("is now online")
    say(ada, "Hello Ben")
    expect(ben.locator("[data-entry] [data-slot=text]")).to_have_text(["Hello Ben"])
    say(ben, "Hello Ada")
    for page in (ada, ben):
        expect(page.locator('[data-entry][data-state="sent"] [data-slot=text]')).to_have_text(
            ["Hello Ben", "Hello Ada"]
        )


def test_what_was_said_is_there_tomorrow(ada_page: Page) -> None:
    for number in range(3):
        say(ada_page, f"line {number}")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(3)
    before = texts(ada_page)
    ada_page.reload()
    live(ada_page)
    assert texts(ada_page) == before


@pytest.mark.parametrize("text", ["<script>document.title='gone'</script>", '"><img src=x onerror="document.title=1">'])
def test_what_looks_like_markup_is_text(open_page: Open, ada_page: Page, room: str, text: str) -> None:
    ben = open_page(unique("Ben"), path=f"/rooms/{room}")
    say(ada_page, text)
    for page in (ada_page, ben):
        expect(page.locator("[data-entry] [data-slot=text]")).to_have_text([text])
        assert page.locator("[data-entries] img, [data-entries] script").count() == 0
        assert room in page.title()
    ben.reload()
    expect(ben.locator("[data-entry] [data-slot=text]")).to_have_text([text])


def test_b3_a_message_shows_at_once_then_it_is_sent(ada_page: Page) -> None:
    # The network is slow: what was written stands there before the server knows of it.
    away(ada_page)
    say(ada_page, "written while away")
    expect(ada_page.locator('[data-state="pending"]')).to_have_text(re.compile("written while away"))
    ada_page.context.set_offline(False)
    expect(ada_page.locator('[data-state="sent"]')).to_have_text(re.compile("written while away"), timeout=15_000)
    expect(ada_page.locator("[data-entry]")).to_have_count(1)


def test_b3_a_message_that_is_refused_says_why_with_a_button_to_try_again(
    ada_page: Page, chat: Chat, room: str
) -> None:
    say(ada_page, "first")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)
    person = chat.people.find(ada_page.get_attribute("#room", "data-own"))
    assert person
    lose(chat, room, person.id)
    say(ada_page, "second")
    failed = ada_page.locator('[data-state="failed"]')
    expect(failed).to_contain_text("second")
    expect(failed).to_contain_text("There is no room called")
    failed.get_by_role("button", name="Try again").click()
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(2)
    lose(chat, room, person.id)
    say(ada_page, "third")
    failed.get_by_role("button", name="Discard").click()
    expect(ada_page.locator("[data-entry]")).to_have_count(2)


def test_b7_the_state_of_the_connection_is_visible_and_true(ada_page: Page) -> None:
    expect(ada_page.locator("[data-status]")).to_have_text("live")
    ada_page.context.set_offline(True)
    expect(ada_page.locator("[data-status]")).to_have_text("offline")
    expect(ada_page.locator("[data-offline]")).to_be_visible()
    ada_page.context.set_offline(False)
    expect(ada_page.locator("[data-status]")).to_have_text("live", timeout=15_000)
    expect(ada_page.locator("[data-offline]")).to_be_hidden()


def test_b1_what_was_said_meanwhile_is_there_on_return(ada_page: Page, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("before", room=room)
    expect(ada_page.locator("[data-entry]")).to_have_count(1)
    away(ada_page)
    for number in range(300):
        ada.say(str(number), room=room)
    ada_page.context.set_offline(False)
    expect(ada_page.locator("[data-caught-up]")).to_have_text("Caught up: 300 new messages", timeout=20_000)
    read = texts(ada_page)
    while "299" not in read:
        ada_page.locator("[data-entry]").last.scroll_into_view_if_needed()
        shown = texts(ada_page)
        assert read[-1] in shown
        read += shown[shown.index(read[-1]) + 1 :]
    assert read == ["before", *map(str, range(300))]


def test_an_announcement_reaches_every_page(ada_page: Page, store: Store, config: Config) -> None:
    from chat import live as line

    line.announce(store, config, "The server restarts at noon")
    shows(ada_page.locator("[data-announcement]"), "The server restarts at noon")
    ada_page.click("[data-dismiss]")
    expect(ada_page.locator("[data-announcement]")).to_be_hidden()


def test_typing_shows_and_ends(open_page: Open, ada_page: Page, room: str) -> None:
    name = unique("Ben")
    ben = open_page(name, path=f"/rooms/{room}")
    ben.locator("[name=msg]").press_sequentially("Hm")
    expect(ada_page.locator("[data-typing]")).to_have_text(f"{name} is typing…")
    ben.press("[name=msg]", "Enter")
    expect(ada_page.locator("[data-typing]")).to_have_text("")


def test_leaving_gives_the_name_back(open_page: Open, connect: Connect) -> None:
    name = unique("Leaver")
    page = open_page(name)
    other = open_page(context=page.context, path="/rooms/work")
    live(other)
    page.get_by_role("link", name="Leave…").click()
    page.get_by_role("button", name="Leave and give the name back").click()
    expect(page.locator("#name")).to_be_visible()
    # The other tab is told, and nobody is signed in there either.
    expect(other.locator("[data-come-in]")).to_be_visible()
    eventually(lambda: connect(name))
