"""The feed between its messages: who came and left, days, what is copied, and what is said aloud."""

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open, away, live, say
from tests.support.clients import Client, unique
from tests.support.waiting import eventually


@pytest.fixture
def quiet_page(open_page: Open, room: str) -> Page:
    """A page in a room in which nobody else is."""
    return open_page(unique("Reader"), path=f"/rooms/{room}")


def lines(page: Page) -> list[str]:
    """What stands in the feed, line by line: days aside."""
    return page.evaluate(
        """() => [...document.querySelectorAll("[data-entries] > :not([data-day])")].map((line) =>
            line.matches("[data-entry]") ? line.querySelector("[data-slot=text]").textContent : line.textContent)"""
    )


def test_who_comes_and_speaks_at_once_is_not_told_of_after_their_words(
    quiet_page: Page, ada: Client, room: str
) -> None:
    ada.ok("join", {"room": room})
    ada.say("Hello", room=room)
    expect(quiet_page.locator("[data-person]")).to_have_count(2)
    expect(quiet_page.locator("[data-entry]")).to_have_count(1)
    said = lines(quiet_page)
    assert said[-1] == "Hello"
    assert len([line for line in said if "now online" in line]) <= 1


def test_who_leaves_is_told_of_and_nobody_else(quiet_page: Page, ada: Client, ben: Client, room: str) -> None:
    for each in (ada, ben):
        each.ok("join", {"room": room})
    expect(quiet_page.locator("[data-notice]")).to_contain_text("are now online")
    ben.say("the first message", room=room)
    expect(quiet_page.locator("[data-entry]")).to_have_count(1)
    # A minute later, as far as the page knows: it takes its connection for dead, and makes another.
    quiet_page.evaluate("() => { const now = Date.now; Date.now = () => now() + 61_000; }")
    say(quiet_page, "and mine")
    expect(quiet_page.locator('[data-state="sent"]')).to_have_count(2)
    live(quiet_page)
    ada.ok("leave", {"room": room})
    expect(quiet_page.locator("[data-notice]").last).to_have_text(f"{ada.user['name']} left")
    assert lines(quiet_page)[1:] == ["the first message", "and mine", f"{ada.user['name']} left"]


def test_comings_beside_a_talk_part_it_once_a_minute_at_most(
    quiet_page: Page, ada: Client, ben: Client, room: str
) -> None:
    ada.ok("join", {"room": room})
    expect(quiet_page.locator("[data-notice]")).to_contain_text("is now online")
    for number in range(4):
        ada.say(f"message {number}", room=room)
        ben.ok("join" if number % 2 == 0 else "leave", {"room": room})
        expect(quiet_page.locator("[data-here-count]")).to_have_text("3" if number % 2 == 0 else "2")
    expect(quiet_page.locator("[data-entry]")).to_have_count(4)
    expect(quiet_page.locator("[data-notice]")).to_have_count(1)


def test_who_waits_for_a_line_and_speaks_needs_none(open_page: Open, ada: Client, ben: Client, room: str) -> None:
    page = open_page(unique("Reader"), path=f"/rooms/{room}", prepare=lambda opened: opened.clock.install())
    ada.ok("join", {"room": room})
    expect(page.locator("[data-notice]")).to_contain_text("is now online")
    ada.say("a talk", room=room)
    expect(page.locator("[data-entry]")).to_have_count(1)
    ben.ok("join", {"room": room})
    expect(page.locator("[data-here-count]")).to_have_text("3")
    ben.say("and a word", room=room)
    expect(page.locator("[data-entry]")).to_have_count(2)
    page.clock.fast_forward(61_000)
    live(page)
    ada.say("later", room=room)
    expect(page.locator("[data-entry]")).to_have_count(3)
    expect(page.locator("[data-notice]")).to_have_count(1)


def test_at_midnight_today_becomes_yesterday(open_page: Open, ada: Client, room: str) -> None:
    page = open_page(unique("Reader"), path=f"/rooms/{room}", prepare=lambda opened: opened.clock.install())
    ada.ok("join", {"room": room})
    ada.say("said today", room=room)
    expect(page.locator("[data-day]")).to_have_text("Today")
    page.clock.fast_forward("24:00:00")
    expect(page.locator("[data-day]")).to_have_text("Yesterday")


def test_a_message_that_is_discarded_leaves_no_day_behind(quiet_page: Page, chat: Chat, room: str) -> None:
    away(quiet_page)
    say(quiet_page, "never mind")
    expect(quiet_page.locator('[data-state="pending"]')).to_have_count(1)
    expect(quiet_page.locator("[data-day]")).to_have_count(0)
    chat.removals.remove(room)
    quiet_page.context.set_offline(False)
    expect(quiet_page.locator('[data-state="failed"]')).to_have_count(1, timeout=20_000)
    quiet_page.get_by_role("button", name="Discard").click()
    expect(quiet_page.locator("[data-entry]")).to_have_count(0)
    expect(quiet_page.locator("[data-day]")).to_have_count(0)


def test_with_a_clock_a_day_off_the_day_is_the_servers(open_page: Open, ada: Client, room: str) -> None:
    def late(page: Page) -> None:
        page.add_init_script("const now = Date.now; Date.now = () => now() - 86_400_000;")

    page = open_page(unique("Reader"), path=f"/rooms/{room}", prepare=late)
    ada.ok("join", {"room": room})
    ada.say("said today", room=room)
    expect(page.locator("[data-day]")).to_have_text("Today")
    away(page)
    say(page, "mine")
    expect(page.locator('[data-state="pending"]')).to_have_count(1)
    expect(page.locator("[data-day]")).to_have_count(1)


def test_several_messages_are_copied_as_lines(quiet_page: Page, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    for text in ("first of three", "second", "third"):
        ada.say(text, room=room)
    expect(quiet_page.locator("[data-entry]")).to_have_count(3)
    copied = quiet_page.evaluate(
        """() => {
            const texts = document.querySelectorAll("[data-entry] [data-slot=text]");
            getSelection().setBaseAndExtent(texts[0].firstChild, 6, texts[2].firstChild, 3);
            const data = new DataTransfer();
            const copy = { clipboardData: data, bubbles: true, cancelable: true };
            texts[0].dispatchEvent(new ClipboardEvent("copy", copy));
            return data.getData("text/plain");
        }"""
    )
    times = quiet_page.locator("[data-entry] time").all_text_contents()
    name = ada.user["name"]
    assert copied == f"{name} {times[0]} of three\n{name} {times[1]} second\n{name} {times[2]} thi"


def test_many_messages_at_once_are_said_aloud_as_how_many(quiet_page: Page, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    heard = "() => { window.heard = []; new MutationObserver((all) => all.forEach(({ addedNodes }) => heard.push("
    heard += "...[...addedNodes].map((line) => line.textContent)))).observe("
    heard += "document.querySelector('[data-live-region]'), { childList: true }); }"
    quiet_page.evaluate(heard)
    for number in range(50):
        ada.say(str(number), room=room)
    expect(quiet_page.locator("[data-entry]")).to_have_count(50)
    eventually(lambda: quiet_page.evaluate("heard.join().match(/new messages/)"))
    assert len(quiet_page.evaluate("heard")) < 20


def test_a_long_feed_keeps_a_window_of_its_entries_and_brings_the_others_back(
    open_page: Open, chat: Chat, room: str
) -> None:
    author = chat.people.claim(unique("Author"), "")
    chat.visits.enter(author, room)
    page = open_page(unique("Reader"), path=f"/rooms/{room}")
    for number in range(660):
        chat.messages.post(author, room, f"message {number}", f"id{number}")
    live(page)
    expect(page.locator('[data-seq="660"]')).to_be_in_viewport()
    # Then few at a time, as a talk goes on.
    for last in range(680, 901, 20):
        for number in range(last - 20, last):
            chat.messages.post(author, room, f"message {number}", f"id{number}")
        expect(page.locator(f'[data-seq="{last}"]')).to_be_in_viewport()
    assert page.locator("[data-entry]").count() <= 120
    page.locator("[data-feed]").hover()

    def first() -> int:
        page.mouse.wheel(0, -6000)
        return page.evaluate("Number(document.querySelector('[data-entry]').dataset.seq)")

    eventually(lambda: first() == 1, within=30)
    assert page.locator("[data-entry]").count() <= 120
    seqs = page.evaluate("[...document.querySelectorAll('[data-entry]')].map((e) => Number(e.dataset.seq))")
    assert seqs == list(range(1, 1 + len(seqs)))
    page.click("[data-jump]")
    expect(page.locator('[data-seq="900"]')).to_be_in_viewport()
