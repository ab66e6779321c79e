"""Writing: the composer."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Open, say, shows, texts
from tests.support.clients import unique


def test_b8_enter_while_composing_with_an_input_method_never_sends(ada_page: Page) -> None:
    ada_page.fill("[name=msg]", "にほんご")
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        ada_page.locator("[name=msg]").evaluate(
            """(field, composing) => field.dispatchEvent(new KeyboardEvent("keydown",
                {key: "Enter", bubbles: true, cancelable: true, ...composing}))""",
            composing,
        )
    assert ada_page.input_value("[name=msg]") == "にほんご"
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)


def test_b9_with_a_keyboard_enter_sends_and_shift_enter_makes_a_line(ada_page: Page) -> None:
    field = ada_page.locator("[name=msg]")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    expect(field).to_have_value("one\ntwo")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)
    assert texts(ada_page) == ["one\ntwo"]


def test_b9_on_a_phone_return_makes_a_line_and_a_button_sends(open_page: Open, room: str) -> None:
    phone = open_page(unique("Phone"), phone=True, path=f"/rooms/{room}")
    field = phone.locator("[name=msg]")
    field.press_sequentially("one")
    field.press("Enter")
    field.press_sequentially("two")
    expect(field).to_have_value("one\ntwo")
    phone.tap("[data-send]")
    expect(phone.locator('[data-state="sent"]')).to_have_count(1)


def test_b12_what_is_over_the_limit_says_so_and_is_not_sent(ada_page: Page) -> None:
    ada_page.fill("[name=msg]", "x" * 10_003)
    shows(ada_page.locator("[data-refusal]"), "3 over the limit of 10,000")
    # What is told in words is not counted beside them.
    expect(ada_page.locator("[data-left]")).to_be_hidden()
    ada_page.fill("[name=msg]", "x" * 200_002)
    shows(ada_page.locator("[data-refusal]"), "190,002 over the limit of 10,000")
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator("[data-entry]")).to_have_count(0)
    ada_page.fill("[name=msg]", "x" * 9_998)
    shows(ada_page.locator("[data-left]"), "2")
    ada_page.fill("[name=msg]", "🎈" * 10_000)
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)


@pytest.mark.parametrize("text", ["one\n\n    two\tthree", "مرحبا بالعالم", "👩‍👩‍👧 🏳️‍🌈", "a" * 3000])
def test_b12_text_is_shown_as_it_was_written(ada_page: Page, text: str) -> None:
    ada_page.fill("[name=msg]", text)
    ada_page.press("[name=msg]", "Enter")
    shown = ada_page.locator('[data-state="sent"] [data-slot=text]')
    expect(shown).to_have_count(1)
    assert shown.evaluate("element => element.textContent") == text
    assert not ada_page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_b5_a_draft_survives_a_reload_and_a_change_of_room(ada_page: Page, room: str) -> None:
    ada_page.fill("[name=msg]", "half a thought")
    ada_page.reload()
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")
    ada_page.click('[data-room-link="work"]')
    expect(ada_page.locator("[name=msg]")).to_have_value("")
    ada_page.go_back()
    expect(ada_page.locator("[name=msg]")).to_have_value("half a thought")
    say(ada_page, "a whole one")
    ada_page.reload()
    expect(ada_page.locator("[name=msg]")).to_have_value("")


def test_the_composer_grows_to_eight_lines_and_then_scrolls(ada_page: Page) -> None:
    def height(lines: int) -> float:
        ada_page.fill("[name=msg]", "\n".join(map(str, range(lines))))
        return ada_page.locator("[name=msg]").bounding_box()["height"]

    assert height(1) < height(4) < height(8) == height(30)
