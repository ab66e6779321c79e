"""Signing in, in a real browser: where it leads, what it keeps, and what it says."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open, live, say, texts
from tests.support.clients import unique
from tests.support.servers import Server
from tests.system.test_everybody import findings


def come_in(page: Page, name: str) -> None:
    """Choose a name."""
    page.fill("#name", name)
    page.click("button[type=submit]")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_link_to_a_room_leads_a_newcomer_there(open_page: Open, room: str, script: bool) -> None:
    page = open_page(path=f"/rooms/{room}", java_script_enabled=script)
    come_in(page, "admin")
    expect(page.locator("#name-error")).to_be_visible()
    come_in(page, unique("New"))
    expect(page.locator("#room h1")).to_have_text(room)
    assert page.url.endswith(f"/rooms/{room}")


def test_a_browser_that_sends_no_referer_comes_in_over_tls(open_page: Open, new_server: Callable[..., Server]) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", workers=1)

    def behind_tls(page: Page) -> None:
        page.set_extra_http_headers({"X-Forwarded-Proto": "https"})

    page = open_page(to=server, prepare=behind_tls, java_script_enabled=True)
    page.evaluate("document.head.insertAdjacentHTML('beforeend', '<meta name=referrer content=no-referrer>')")
    with page.expect_request(lambda asked: asked.method == "POST") as posted:
        come_in(page, unique("Silent"))
    assert "referer" not in posted.value.all_headers()
    expect(page.locator("#room h1")).to_have_text("work")
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("__Host-chat-") and cookie["secure"]


def test_two_chats_on_one_host_sign_nobody_out(open_page: Open, new_server: Callable[..., Server]) -> None:
    other = new_server(SECRET_KEY="the key of another chat on this host", workers=1)
    page = open_page(unique("Ada"))
    elsewhere = open_page(context=page.context, path=other.url)
    come_in(elsewhere, unique("Ada"))
    live(elsewhere)
    page.reload()
    live(page)
    elsewhere.reload()
    live(elsewhere)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_words_survive_a_lost_cookie_without_a_script(
    open_page: Open, room: str, chat: Chat, phone: bool, dark: bool
) -> None:
    page = open_page(unique("Writer"), path=f"/rooms/{room}", phone=phone, dark=dark, java_script_enabled=False)
    text = "A letter,\n\nand its postscript: " + "words " * 40
    page.context.clear_cookies()
    page.fill("#msg", text)
    page.click("[data-send]")
    expect(page.locator(".flash")).to_contain_text("did not send the chat's cookie")
    expect(page.locator("#msg")).to_have_value(text)
    come_in(page, unique("Writer"))
    expect(page.locator("#room h1")).to_have_text(room)
    expect(page.locator("#msg")).to_have_value(text)
    assert chat.log.position(room).seq == 0
    page.click("[data-send]")
    expect(page.locator("[data-entry]")).to_have_count(1)


def test_words_that_came_through_signing_in_are_a_draft_and_sent_once(open_page: Open, room: str, chat: Chat) -> None:
    page = open_page(unique("Writer"), path=f"/rooms/{room}", java_script_enabled=False)
    page.context.clear_cookies()
    page.fill("#msg", "kept words")
    page.click("[data-send]")
    form = page.content()
    scripted = open_page()
    scripted.route("**/stale", lambda route: route.fulfill(body=form, content_type="text/html"))
    scripted.goto("/stale")
    # The token in it is of another browser, so the page asks again, with the words.
    come_in(scripted, unique("Writer"))
    expect(scripted.locator("#msg")).to_have_value("kept words")
    come_in(scripted, unique("Writer"))
    live(scripted)
    assert scripted.url.endswith(f"/rooms/{room}")
    expect(scripted.locator("#msg")).to_have_value("kept words")
    # A reload asks for the room, and does not send the form again.
    scripted.reload()
    live(scripted)
    expect(scripted.locator("#msg")).to_have_value("kept words")
    scripted.press("#msg", "Enter")
    expect(scripted.locator('[data-entry]:not([data-state="pending"])')).to_have_count(1)
    assert texts(scripted) == ["kept words"]
    scripted.reload()
    live(scripted)
    expect(scripted.locator("#msg")).to_have_value("")
    say(scripted, "more")
    expect(scripted.locator("[data-entry]")).to_have_count(2)


def test_a_browser_without_cookies_is_told_and_keeps_its_name(open_page: Open) -> None:
    page = open_page()
    for _ in range(2):
        page.context.clear_cookies()
        come_in(page, "Nora")
        expect(page.locator(".flash")).to_contain_text("Allow them for this address")
        expect(page.locator("#name")).to_have_value("Nora")
        assert findings(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_axe_finds_nothing_on_the_sign_in_page_in_any_state(
    open_page: Open, room: str, phone: bool, dark: bool
) -> None:
    page = open_page(unique("Writer"), path=f"/rooms/{room}", phone=phone, dark=dark)
    form = page.locator("[data-composer]")
    page.context.clear_cookies()
    page.fill("#msg", "kept")
    form.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    expect(page.locator("label[for=msg]")).to_have_text(f"Your message to {room}")
    assert findings(page) == []
    come_in(page, "admin")
    expect(page.locator("#name-error")).to_be_visible()
    assert findings(page) == []
