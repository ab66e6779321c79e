"""A browser that keeps nothing: what was written goes out all the same, and the page says so."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Open, away, live, say, shows
from tests.support.clients import unique
from tests.support.memberships import lose

SENT = '[data-state="sent"] [data-slot=text]'
# What browsers do that have no space, that keep site data from a page, and that have no storage at all.
FULL = """Storage.prototype.setItem = () => { throw new DOMException("no space", "QuotaExceededError"); };"""
DENIED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
NONE = DENIED.replace('throw new DOMException("denied", "SecurityError");', "return null;")
# Whatever is no longer than what stands under its key still has its place.
NO_MORE = """{ const set = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, text) {
        if (text.length > (this.getItem(key) ?? "").length) throw new DOMException("no space", "QuotaExceededError");
        return set.call(this, key, text);
    }; }"""
LOCAL_FULL = NO_MORE.replace("if (text", "if (this === localStorage && text")


@pytest.fixture(params=[FULL, DENIED, NONE], ids=["full", "denied", "none"])
def page(request: pytest.FixtureRequest, open_page: Open, room: str) -> Page:
    """A page that cannot keep anything."""
    return open_page(unique("Ada"), path=f"/rooms/{room}", prepare=lambda page: page.add_init_script(request.param))


def test_what_cannot_be_kept_is_sent_from_memory_and_the_page_says_so(page: Page) -> None:
    expect(page.locator("[data-short]")).to_be_hidden()
    page.locator("[name=msg]").press_sequentially("kept nowhere")
    shows(page.locator("[data-short]"), "Your browser keeps nothing")
    page.press("[name=msg]", "Enter")
    expect(page.locator(SENT)).to_have_text(["kept nowhere"])
    assert page.input_value("[name=msg]") == ""
    away(page)
    for number in range(3):
        say(page, f"away {number}")
    expect(page.locator('[data-state="pending"]')).to_have_count(3)
    page.context.set_offline(False)
    expect(page.locator(SENT)).to_have_text(
        ["kept nowhere", *(f"away {number}" for number in range(3))], timeout=15_000
    )


def test_what_cannot_be_kept_goes_with_the_reader_from_room_to_room(page: Page, room: str) -> None:
    page.fill("[name=msg]", "half a thought")
    page.click('[data-room-link="work"]')
    expect(page.locator("[name=msg]")).to_have_value("")
    page.go_back()
    expect(page.locator("[name=msg]")).to_have_value("half a thought")


def test_what_cannot_be_kept_goes_with_the_reader_to_another_page_of_the_room(page: Page, room: str) -> None:
    for text in ("one", "two"):
        say(page, text)
    expect(page.locator(SENT)).to_have_text(["one", "two"])
    page.goto(f"/rooms/{room}?before=2")
    live(page)
    page.fill("[name=msg]", "half a thought")
    page.click(f'[data-room-link="{room}"]')
    expect(page.locator(SENT)).to_have_text(["one", "two"])
    expect(page.locator("[name=msg]")).to_have_value("half a thought")


def test_leaving_a_page_that_alone_has_what_was_written_asks(page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("[name=msg]").press_sequentially("half a thought")
    page.reload()
    assert asked == ["beforeunload"]
    live(page)
    page.locator("[name=msg]").press_sequentially("sent")
    page.press("[name=msg]", "Enter")
    expect(page.locator(SENT)).to_have_text(["sent"])
    page.reload()
    assert asked == ["beforeunload"]


def test_a_storage_that_is_full_for_all_tabs_leaves_this_one_its_own_across_a_reload(ada_page: Page) -> None:
    say(ada_page, "before")
    expect(ada_page.locator(SENT)).to_have_text(["before"])
    away(ada_page)
    say(ada_page, "had space")
    ada_page.evaluate(f"() => {{ {LOCAL_FULL} }}")
    say(ada_page, "had none")
    say(ada_page, "nor this")
    ada_page.fill("[name=msg]", "half a thought")
    # What was kept for all tabs before goes on being so.
    kept = ada_page.evaluate("JSON.stringify(localStorage)")
    assert "had space" in kept and "had none" not in kept
    ada_page.on("dialog", lambda dialog: dialog.accept())
    ada_page.context.set_offline(False)
    ada_page.reload()
    expect(ada_page.locator(SENT)).to_have_text(["before", "had space", "had none", "nor this"])
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")
    ada_page.reload()
    live(ada_page)
    expect(ada_page.locator("[data-entry]")).to_have_count(4)


def test_what_was_refused_while_there_was_no_space_says_so_and_can_be_tried_again(
    ada_page: Page, chat, room: str
) -> None:
    person = chat.people.find(ada_page.get_attribute("#room", "data-own"))
    lose(chat, room, person.id)
    ada_page.evaluate(f"() => {{ {FULL} }}")
    say(ada_page, "refused")
    failed = ada_page.locator('[data-state="failed"]')
    expect(failed).to_contain_text("There is no room called")
    expect(ada_page.locator("[data-live-region]")).to_contain_text("Not sent")
    failed.get_by_role("button", name="Try again").click()
    expect(ada_page.locator(SENT)).to_have_text(["refused"])


def test_a_reason_that_there_is_no_space_for_is_known_and_nothing_is_sent_again(
    ada_page: Page, chat, room: str
) -> None:
    away(ada_page)
    say(ada_page, "refused")
    expect(ada_page.locator('[data-state="pending"]')).to_have_count(1)
    lose(chat, room, ada_page.get_attribute("#room", "data-own"))
    ada_page.evaluate(f"() => {{ {NO_MORE} }}")
    ada_page.context.set_offline(False)
    failed = ada_page.locator('[data-state="failed"]')
    shows(failed, "refused")
    expect(failed.locator("[data-slot=reason]")).not_to_be_empty()
    failed.get_by_role("button", name="Try again").click()
    expect(ada_page.locator(SENT)).to_have_text(["refused"])


def test_two_tabs_of_a_room_have_a_draft_each(ada_page: Page, open_page: Open) -> None:
    path = ada_page.evaluate("location.pathname")
    other = open_page(context=ada_page.context, path=path)
    live(other)
    ada_page.fill("[name=msg]", "one thought")
    other.fill("[name=msg]", "another thought")
    ada_page.reload()
    live(ada_page)
    expect(ada_page.locator("[name=msg]")).to_have_value("one thought")
    ada_page.fill("[name=msg]", "one thought, and more")
    other.fill("[name=msg]", "another thought, too")
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator(SENT)).to_have_text(["one thought, and more"])
    other.reload()
    expect(other.locator("[name=msg]")).to_have_value("another thought, too")
    # Its tab is closed: the draft is there in the next.
    other.close()
    again = open_page(context=ada_page.context, path=path)
    expect(again.locator("[name=msg]")).to_have_value("another thought, too")
    ada_page.reload()
    expect(ada_page.locator("[name=msg]")).to_have_value("")
