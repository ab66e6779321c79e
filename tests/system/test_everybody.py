"""For everybody: without a script, by keyboard, by ear, in the dark, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Open, away, live, say
from tests.support.clients import Client, unique
from tests.support.servers import CHECKOUT

AXE = Path(CHECKOUT) / "node_modules" / "axe-core" / "axe.min.js"


def findings(page: Page) -> list[str]:
    """What axe-core has to say against a page."""
    # The policy of the page lets no script in from elsewhere, so this one comes through the debugger.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_b30_axe_finds_nothing_on_any_page(open_page: Open, ada: Client, room: str, phone: bool, dark: bool) -> None:
    page = open_page(phone=phone, dark=dark)
    assert findings(page) == []
    page.fill("#name", "admin")
    page.click("button[type=submit]")
    expect(page.locator("#name-error")).to_be_visible()
    assert findings(page) == []
    page.goto("/nowhere")
    assert findings(page) == []

    # What is moving in is half transparent for a moment.
    page = open_page(unique("Axe"), phone=phone, dark=dark, path=f"/rooms/{room}", reduced_motion="reduce")
    assert findings(page) == []
    ada.ok("join", {"room": room})
    for number in range(12):
        ada.say(f"message {number} https://example.org/{number}", room=room)
    expect(page.locator("[data-entry]")).to_have_count(12)
    assert findings(page) == []
    if phone:
        page.tap('[data-open="sidebar"]')
        expect(page.locator("#sidebar")).to_be_in_viewport()
        assert findings(page) == []
        page.keyboard.press("Escape")
    away(page)
    page.fill("[name=msg]", "pending")
    page.click("[data-send]")
    # What is pending is at 55 % on purpose, and for a moment.
    assert [each for each in findings(page) if "pending" not in each] == []
    page.context.set_offline(False)
    live(page)
    for path in (f"/rooms/{room}/people", "/rooms"):
        page.goto(path)
        assert findings(page) == []


def test_b29_without_a_script_one_can_come_in_read_page_back_and_write(open_page: Open, room: str, ada: Client) -> None:
    ada.ok("join", {"room": room})
    for number in range(60):
        ada.say(f"message {number}.", room=room)
    page = open_page(unique("Plain"), path=f"/rooms/{room}", java_script_enabled=False)
    newest = page.locator('[data-seq="60"]')
    expect(newest).to_be_in_viewport()
    page.fill("[name=msg]", "written without a script\nin two lines")
    page.click("[data-send]")
    expect(page.locator('[data-seq="61"]')).to_contain_text("written without a script")
    page.click("[data-older]")
    expect(page.locator('[data-seq="1"]')).to_have_count(1)
    page.click("[data-newer]")
    expect(page.locator('[data-seq="61"]')).to_have_count(1)
    page.get_by_role("link", name="Leave…").click()
    page.get_by_role("button", name="Leave and give the name back").click()
    expect(page.locator("#name")).to_be_visible()


def test_b29_without_a_script_the_drawers_of_a_phone_open(open_page: Open, room: str) -> None:
    page = open_page(unique("Plain"), phone=True, path=f"/rooms/{room}", java_script_enabled=False)
    page.click('[data-open="sidebar"]')
    expect(page.locator('#sidebar [data-room-link="work"]')).to_be_in_viewport()
    page.click("#sidebar [data-close]")
    expect(page.locator('#sidebar [data-room-link="work"]')).not_to_be_in_viewport()


def test_b25_a_screen_reader_hears_each_new_message_once_and_no_history(ada_page: Page, ada: Client, room: str) -> None:
    region = ada_page.locator("[data-live-region]")
    ada.ok("join", {"room": room})
    ada.say("before the reload", room=room)
    expect(region.locator("p")).to_have_text([f"{ada.user['name']}: before the reload"])
    ada_page.reload()
    live(ada_page)
    say(ada_page, "my own")
    ada.say("heard once", room=room)
    expect(region.locator("p")).to_have_text([f"{ada.user['name']}: heard once"])
    assert ada_page.locator("[data-feed] [aria-live], [data-feed][aria-live], [data-feed] [role=log]").count() == 0


def test_b26_everything_is_reached_by_keyboard_with_a_visible_focus(ada_page: Page) -> None:
    ada_page.reload()
    live(ada_page)
    ada_page.evaluate("document.activeElement.blur()")
    reached = []
    while not reached or reached[-1][0] != "msg":
        assert len(reached) < 200, reached
        ada_page.keyboard.press("Tab")
        reached.append(
            ada_page.evaluate(
                """() => {
                    const element = document.activeElement, style = getComputedStyle(element);
                    const ring = getComputedStyle(element.closest(".composer-box") ?? element);
                    const visible = style.outlineStyle !== "none" || ring.boxShadow !== "none";
                    return [element.className || element.name, visible];
                }"""
            )
        )
    names = " ".join(name for name, _ in reached)
    for stop in ("skip", "room-link", "icon-button", "quiet", "feed", "msg"):
        assert stop in names, reached
    assert all(visible for name, visible in reached if name != "frame"), reached


def test_b27_on_320_pixels_nothing_scrolls_sideways(open_page: Open, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("W" * 400, room=room)
    page = open_page(unique("Narrow"), path=f"/rooms/{room}")
    for path in (f"/rooms/{room}", "/rooms", "/nowhere"):
        page.goto(path)
        page.set_viewport_size({"width": 320, "height": 568})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate(
            "!document.querySelector('[data-feed]') || document.querySelector('[data-feed]').scrollWidth <= 320"
        )


def test_b28_light_and_dark_follow_the_system(open_page: Open) -> None:
    def ground(page: Page) -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    page = open_page()
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    assert ground(page) != light
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.filled')).transitionDuration") in ("0s", "1e-05s")


def test_a_drawer_on_a_phone_opens_closes_and_keeps_the_focus(open_page: Open, room: str) -> None:
    page = open_page(unique("Phone"), phone=True, path=f"/rooms/{room}")
    for drawer, toggle in (("#sidebar", '[data-open="sidebar"]'), ("#people", '[data-open="people"]')):
        expect(page.locator(drawer)).not_to_be_in_viewport()
        page.tap(toggle)
        expect(page.locator(drawer)).to_be_in_viewport()
        assert page.evaluate(f"document.querySelector('{drawer}').contains(document.activeElement)")
        page.keyboard.press("Escape")
        expect(page.locator(drawer)).not_to_be_in_viewport()
        assert page.evaluate(f"document.activeElement.matches('{toggle}')")
    page.tap('[data-open="sidebar"]')
    page.tap('[data-room-link="work"]')
    expect(page.locator("h1")).to_have_text("work")
    expect(page.locator("#sidebar")).not_to_be_in_viewport()
