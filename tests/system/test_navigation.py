"""Going from room to room: the last act counts, and nothing is said in the wrong place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from chat.domain import Chat
from tests.support.browsers import Open, away, live, say, texts
from tests.support.clients import Client, unique


def held(page: Page, room: str) -> Callable[[], None]:
    """Hold back the answers with a room's page from now on. Returns what lets them go."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.resource_type == "fetch":
            waiting.append(route)
        else:
            route.continue_()

    def let_go() -> None:
        for route in waiting:
            # One that nobody waits for any more is gone.
            if not route.request.failure:
                route.continue_()

    page.route(re.compile(rf"/rooms/{room}(\?|$)"), hold)
    return let_go


@pytest.fixture
def others(chat: Chat) -> list[str]:
    """Two rooms beside the one that a page begins in."""
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")
    return [chat.rooms.create(unique("room"), "", founder).id for _ in range(2)]


def choose(page: Page, room: str) -> None:
    """Click a room in the list."""
    page.click(f'[data-room-link="{room}"]')


def settled(page: Page, room: str) -> None:
    """See that a room is shown, and stays."""
    page.evaluate("new Promise((resolve) => setTimeout(() => requestIdleCallback(resolve), 300))")
    expect(page.locator("h1")).to_have_text(room)
    assert page.url.endswith(f"/rooms/{room}")


def test_the_last_of_two_rooms_that_were_clicked_is_shown(ada_page: Page, others: list[str]) -> None:
    slow, quick = others
    let_go = held(ada_page, slow)
    choose(ada_page, slow)
    choose(ada_page, quick)
    expect(ada_page.locator("h1")).to_have_text(quick)
    ada_page.locator("[name=msg]").press_sequentially("for the second ")
    let_go()
    settled(ada_page, quick)
    ada_page.locator("[name=msg]").press_sequentially("alone")
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator('[data-state="sent"] [data-slot=text]')).to_have_text(["for the second alone"])


def test_coming_back_while_a_room_is_on_its_way_stays(ada_page: Page, others: list[str], room: str) -> None:
    slow, first = others
    choose(ada_page, first)
    expect(ada_page.locator("h1")).to_have_text(first)
    let_go = held(ada_page, slow)
    choose(ada_page, slow)
    ada_page.go_back()
    expect(ada_page.locator("h1")).to_have_text(room)
    let_go()
    settled(ada_page, room)


def test_the_room_that_is_shown_is_an_act_too(ada_page: Page, others: list[str], room: str) -> None:
    let_go = held(ada_page, others[0])
    choose(ada_page, others[0])
    choose(ada_page, room)
    let_go()
    settled(ada_page, room)


def test_a_double_click_is_one_room_and_one_step_back(ada_page: Page, others: list[str], room: str) -> None:
    ada_page.locator(f'[data-room-link="{others[0]}"]').dblclick()
    expect(ada_page.locator("h1")).to_have_text(others[0])
    settled(ada_page, others[0])
    ada_page.go_back()
    settled(ada_page, room)


def test_who_types_on_stays_where_they_type(ada_page: Page, others: list[str], room: str) -> None:
    let_go = held(ada_page, others[0])
    choose(ada_page, others[0])
    ada_page.locator("[name=msg]").press_sequentially("half of it, ")
    let_go()
    settled(ada_page, room)
    ada_page.locator("[name=msg]").press_sequentially("and the rest")
    ada_page.press("[name=msg]", "Enter")
    expect(ada_page.locator('[data-state="sent"] [data-slot=text]')).to_have_text(["half of it, and the rest"])


def test_who_types_on_after_going_back_stays_and_so_does_the_address(
    ada_page: Page, others: list[str], room: str
) -> None:
    choose(ada_page, others[0])
    expect(ada_page.locator("h1")).to_have_text(others[0])
    ada_page.reload()
    live(ada_page)
    let_go = held(ada_page, room)
    with ada_page.expect_request(re.compile(rf"/rooms/{room}$")):
        ada_page.evaluate("history.back()")
    ada_page.locator("[name=msg]").press_sequentially("still here")
    let_go()
    settled(ada_page, others[0])


def test_a_room_that_is_not_wanted_any_more_is_not_joined(
    ada_page: Page, others: list[str], room: str, chat: Chat
) -> None:
    own = ada_page.get_attribute("#room", "data-own")
    let_go = held(ada_page, others[0])
    choose(ada_page, others[0])
    choose(ada_page, room)
    let_go()
    settled(ada_page, room)
    assert chat.access.strangers(others[0], [own]) == [own]


@pytest.fixture
def older(ada_page: Page, ada: Client, room: str) -> Page:
    """An older page of a room of a hundred messages."""
    ada.ok("join", {"room": room})
    for number in range(100):
        ada.say(f"message {number}.", room=room)
    ada_page.goto(f"/rooms/{room}?before=60")
    live(ada_page)
    return ada_page


def test_sending_on_an_older_page_leads_to_the_newest(older: Page, room: str) -> None:
    say(older, "and now?")
    expect(older.locator('[data-state="sent"] [data-slot=text]').last).to_have_text("and now?")
    assert texts(older)[-2:] == ["message 99.", "and now?"]
    expect(older.locator('[data-state="pending"]')).to_have_count(0)
    settled(older, room)
    # It is the live page: what comes next stands in it.
    say(older, "next")
    expect(older.locator('[data-state="sent"] [data-slot=text]').last).to_have_text("next")


def test_the_rooms_own_name_leads_from_an_older_page_to_the_newest(older: Page, room: str) -> None:
    older.fill("[name=msg]", "half a thought")
    choose(older, room)
    expect(older.locator("[data-entry]").last).to_contain_text("message 99.")
    settled(older, room)
    assert older.input_value("[name=msg]") == "half a thought"
    older.go_back()
    expect(older.locator("[data-entry]").last).to_contain_text("message 58.")


def test_an_older_page_that_was_left_gives_way_to_the_newest(older: Page, others: list[str], room: str) -> None:
    choose(older, others[0])
    expect(older.locator("h1")).to_have_text(others[0])
    choose(older, room)
    expect(older.locator("[data-entry]").last).to_contain_text("message 99.")
    settled(older, room)


def test_a_room_left_by_the_drawer_of_a_phone_is_alive_after_going_back(
    open_page: Open, others: list[str], room: str
) -> None:
    page = open_page(unique("Phone"), phone=True, path=f"/rooms/{room}")
    page.tap('[data-open="sidebar"]')
    page.tap(f'[data-room-link="{others[0]}"]')
    expect(page.locator("h1")).to_have_text(others[0])
    page.go_back()
    expect(page.locator("h1")).to_have_text(room)
    page.tap("[name=msg]")
    page.locator("[name=msg]").press_sequentially("alive")
    page.tap("[data-send]")
    expect(page.locator('[data-state="sent"]')).to_have_count(1)


@pytest.mark.parametrize(
    ("drawer", "narrow", "wide"),
    [("sidebar", (700, 1100), (1100, 700)), ("people", (1000, 800), (1300, 800))],
)
def test_a_drawer_that_is_none_any_more_is_closed(
    ada_page: Page, drawer: str, narrow: tuple[int, int], wide: tuple[int, int]
) -> None:
    def turn(size: tuple[int, int]) -> None:
        ada_page.set_viewport_size({"width": size[0], "height": size[1]})

    turn(narrow)
    ada_page.click(f'[data-open="{drawer}"]')
    expect(ada_page.locator(f"#{drawer}")).to_have_attribute("data-opened", "")
    turn(wide)
    expect(ada_page.locator(f"#{drawer}")).not_to_have_attribute("data-opened", "")
    say(ada_page, "alive")
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)
    turn(narrow)
    expect(ada_page.locator(f"#{drawer}")).not_to_be_in_viewport()


def test_going_back_closes_the_list_of_people_with_the_room(open_page: Open, others: list[str], room: str) -> None:
    page = open_page(unique("Phone"), phone=True, path=f"/rooms/{room}")
    page.tap('[data-open="sidebar"]')
    page.tap(f'[data-room-link="{others[0]}"]')
    expect(page.locator("h1")).to_have_text(others[0])
    page.tap('[data-open="people"]')
    page.go_back()
    expect(page.locator("h1")).to_have_text(room)
    page.go_forward()
    expect(page.locator("h1")).to_have_text(others[0])
    expect(page.locator("#people")).not_to_be_in_viewport()
    page.tap('[data-open="people"]')
    expect(page.locator("#people")).to_be_in_viewport()


def test_a_room_that_was_never_opened_waits_for_the_connection(ada_page: Page, others: list[str]) -> None:
    first = ada_page.url
    away(ada_page)
    ada_page.fill("[name=msg]", "half of a sentence")
    choose(ada_page, others[0])
    expect(ada_page.locator("[data-caught-up]")).to_have_text(f"{others[0]} can be opened when you are back online")
    assert ada_page.url == first
    expect(ada_page.locator("[name=msg]")).to_have_value("half of a sentence")
    ada_page.context.set_offline(False)
    live(ada_page)
    choose(ada_page, others[0])
    settled(ada_page, others[0])
