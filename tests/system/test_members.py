"""Coming into rooms and leaving them, in real browsers."""

import re

from playwright.sync_api import expect

from chat.domain import Chat
from tests.support.browsers import Open, away, come_in, live, say, shows
from tests.support.clients import Client, unique


def test_a_link_is_a_look_and_a_button_comes_in(open_page: Open, ada: Client, chat: Chat, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("said before", room=room)
    page = open_page(unique("Guest"))
    page.goto(f"/rooms/{room}")
    expect(page.locator("[data-status]")).to_have_text("not joined")
    expect(page.locator("[data-entry]")).to_have_text([page.locator("[data-entry]").inner_text()])
    own = page.get_attribute("#room", "data-own")
    assert chat.access.strangers(room, [own]) == [own]
    assert chat.presence.here(room).list == [ada.user]
    expect(page.locator("[data-leave-room]")).to_be_hidden()
    page.get_by_role("button", name=f"Join {room}").click()
    expect(page.locator("[data-status]")).to_have_text("live")
    expect(page.locator("[data-leave-room]")).to_be_visible()
    ada.say("heard now", room=room)
    expect(page.locator("[data-entry]").last).to_contain_text("heard now")
    page.reload()
    live(page)


def test_a_first_message_comes_in(open_page: Open, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    page = open_page(unique("Guest"))
    page.goto(f"/rooms/{room}")
    page.wait_for_selector('[data-status="outside"]')
    say(page, "may I?")
    ada.wait("message", room=room, text="may I?")
    expect(page.locator('[data-state="sent"]')).to_have_count(1)
    live(page)


def test_choosing_a_room_in_the_list_comes_in_and_going_back_to_it_does_not(
    open_page: Open, chat: Chat, room: str
) -> None:
    page = open_page(unique("Chooser"))
    own = page.get_attribute("#room", "data-own")
    page.click(f'[data-room-link="{room}"]')
    expect(page.locator("h1")).to_have_text(room)
    live(page)
    assert chat.access.strangers(room, [own]) == []
    person = chat.people.find(own)
    assert person
    page.click('[data-room-link="work"]')
    expect(page.locator("h1")).to_have_text("work")
    chat.memberships.leave(person, room)
    expect(page.locator(f'[data-room-link="{room}"]')).to_have_attribute("data-member", "false")
    page.go_back()
    expect(page.locator("h1")).to_have_text(room)
    expect(page.locator("[data-outside]")).to_be_visible()
    assert chat.access.strangers(room, [own]) == [own]
    page.click(f'[data-room-link="{room}"]')
    live(page)


def test_leaving_in_one_tab_is_said_in_the_other_which_keeps_what_was_typed(
    open_page: Open, ada: Client, room: str
) -> None:
    ada.ok("join", {"room": room})
    page = open_page(unique("Leaver"), path=f"/rooms/{room}")
    other = open_page(context=page.context, path=f"/rooms/{room}")
    live(other)
    other.fill("[name=msg]", "half a thought")
    page.get_by_role("button", name="Leave room").click()
    expect(page.locator("h1")).to_have_text("work")
    shows(other.locator("[data-outside]"), "You left this room in another tab")
    expect(other.locator("[data-person]")).to_have_text([re.compile(re.escape(ada.user["name"]))])
    expect(other.locator(f'[data-room-link="{room}"]')).to_have_attribute("data-member", "false")
    ada.say("unheard", room=room)
    ada.wait("message", room=room)
    ada.say("a marker")
    expect(page.locator("[data-entry]").last).to_contain_text("a marker")
    expect(other.locator("[data-entry]")).to_have_count(0)
    # Neither a reload nor a reconnect makes one a member again.
    away(other)
    other.context.set_offline(False)
    other.wait_for_selector('[data-status="outside"]', timeout=20_000)
    assert other.input_value("[name=msg]") == "half a thought"
    other.locator("[data-outside] button").click()
    live(other)
    expect(other.locator("[data-entry]").last).to_contain_text("unheard")
    assert other.input_value("[name=msg]") == "half a thought"


def test_a_room_that_is_removed_says_so_and_leads_to_the_default_room(open_page: Open, chat: Chat, room: str) -> None:
    page = open_page(unique("Left"), path=f"/rooms/{room}")
    page.fill("[name=msg]", "too late")
    chat.removals.remove(room)
    shows(page.locator("[data-outside]"), "removed this room")
    expect(page.locator("[data-status]")).to_have_text("removed")
    expect(page.locator("[data-send]")).to_be_disabled()
    expect(page.locator("[data-people] > *")).to_have_count(0)
    expect(page.locator(f'[data-room-link="{room}"]')).to_have_count(0)
    assert page.input_value("[name=msg]") == "too late"
    page.click("[data-home]")
    expect(page.locator("h1")).to_have_text("work")
    live(page)


def test_a_room_that_was_removed_while_one_was_offline_says_so_on_coming_back(
    open_page: Open, chat: Chat, room: str
) -> None:
    page = open_page(unique("Away"), path=f"/rooms/{room}")
    page.fill("[name=msg]", "too late")
    away(page)
    chat.removals.remove(room)
    page.context.set_offline(False)
    shows(page.locator("[data-outside]"), "This room is no longer here", within=20)
    expect(page.locator("[data-outside] button")).to_be_hidden()
    expect(page.locator("[data-send]")).to_be_disabled()
    expect(page.locator("[data-send]")).to_have_css("opacity", "0.4")
    expect(page.locator("[data-status]")).to_have_text("removed")
    expect(page.locator(f'[data-room-link="{room}"]')).to_have_count(0)
    assert page.input_value("[name=msg]") == "too late"


def test_without_a_script_one_reads_comes_in_and_leaves(open_page: Open, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    for number in range(60):
        ada.say(f"message {number}.", room=room)
    page = open_page(unique("Plain"), java_script_enabled=False)
    page.goto(f"/rooms/{room}")
    page.click("[data-older]")
    expect(page.locator('[data-seq="1"]')).to_have_count(1)
    come_in(page)
    page.get_by_role("button", name="Leave room").click()
    expect(page.locator("h1")).to_have_text("work")
