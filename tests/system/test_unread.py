"""What is new: one opens a room where one left it, and only what was seen is read."""

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from chat.domain.people.people import Person
from tests.support.browsers import Open, away, live, say, shows
from tests.support.clients import unique
from tests.support.waiting import eventually


@pytest.fixture
def author(chat: Chat, room: str) -> Person:
    """Somebody who says much in the room."""
    author = chat.people.claim(unique("Author"), "")
    chat.visits.enter(author, room)
    return author


def speak(chat: Chat, author: Person, room: str, first: int, last: int) -> None:
    """Have the entries from `first` to `last` said."""
    for number in range(first, last + 1):
        chat.messages.post(author, room, f"message {number}", f"id{number}")


def member(chat: Chat, page: Page, room: str) -> Person:
    """The reader of a page, made a member of the room."""
    person = chat.people.find(page.get_attribute("#room", "data-own") or "")
    assert person
    chat.visits.enter(person, room)
    return person


def look_away(page: Page) -> None:
    """Have a page believe that nobody looks at it."""
    page.evaluate("() => { document.hasFocus = () => false; window.dispatchEvent(new Event('blur')); }")


def look_again(page: Page) -> None:
    """Have a page believe that somebody looks at it again."""
    page.evaluate("() => { document.hasFocus = () => true; window.dispatchEvent(new Event('focus')); }")


def read(chat: Chat, person: Person, room: str) -> int:
    """Up to where somebody has read."""
    return chat.access.member(person, room).read


def after_the_line(page: Page) -> str | None:
    """The `seq` of the entry below the line of what is new."""
    return page.evaluate("() => document.querySelector('p[data-new] ~ [data-entry]')?.dataset.seq ?? null")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_b16_a_room_opens_at_the_line_of_what_is_new(
    open_page: Open, chat: Chat, author: Person, room: str, phone: bool
) -> None:
    speak(chat, author, room, 1, 30)
    page = open_page(unique("Reader"), phone=phone)
    person = member(chat, page, room)
    speak(chat, author, room, 31, 75)
    page.goto(f"/rooms/{room}")
    live(page)
    expect(page.locator("[data-entries] [data-new]")).to_be_in_viewport()
    assert after_the_line(page) == "31"
    expect(page.locator('[data-seq="75"]')).not_to_be_in_viewport()
    eventually(lambda: read(chat, person, room) > 30)
    assert read(chat, person, room) < 75
    page.click("[data-jump]")
    expect(page.locator('[data-seq="75"]')).to_be_in_viewport()
    eventually(lambda: read(chat, person, room) == 75)


def test_b16_the_line_stands_where_the_unread_begins_also_beyond_the_page(
    open_page: Open, chat: Chat, author: Person, room: str
) -> None:
    speak(chat, author, room, 1, 30)
    page = open_page(unique("Reader"))
    member(chat, page, room)
    speak(chat, author, room, 31, 330)
    page.goto(f"/rooms/{room}")
    eventually(lambda: after_the_line(page) == "31")
    expect(page.locator("[data-entries] [data-new]")).to_be_in_viewport()


def test_coming_back_to_a_room_one_finds_the_line_again(open_page: Open, chat: Chat, author: Person, room: str) -> None:
    page = open_page(unique("Reader"))
    person = member(chat, page, room)
    page.goto(f"/rooms/{room}")
    live(page)
    speak(chat, author, room, 1, 3)
    expect(page.locator('[data-seq="3"]')).to_be_in_viewport()
    expect(page.locator("[data-entries] [data-new]")).to_have_count(0)
    page.click('[data-room-link="work"]')
    expect(page.locator("h1")).to_have_text("work")
    speak(chat, author, room, 4, 63)
    shows(page.locator(f'[data-room-link="{room}"] [data-unread]'), "60 unread")
    page.click(f'[data-room-link="{room}"]')
    expect(page.locator("[data-entries] [data-new]")).to_be_in_viewport()
    assert after_the_line(page) == "4"
    eventually(lambda: read(chat, person, room) >= 4)
    assert read(chat, person, room) < 63


def test_b17_a_page_that_nobody_looks_at_reads_nothing_and_shows_the_line_on_return(
    open_page: Open, chat: Chat, author: Person, room: str
) -> None:
    page = open_page(unique("Reader"))
    person = member(chat, page, room)
    page.goto(f"/rooms/{room}")
    live(page)
    speak(chat, author, room, 1, 2)
    eventually(lambda: read(chat, person, room) == 2)
    look_away(page)
    speak(chat, author, room, 3, 60)
    expect(page.locator('[data-seq="60"]')).to_be_in_viewport()
    assert read(chat, person, room) == 2
    look_again(page)
    expect(page.locator("[data-entries] [data-new]")).to_be_in_viewport()
    assert after_the_line(page) == "3"
    eventually(lambda: read(chat, person, room) > 2)
    assert read(chat, person, room) < 60


def test_what_one_sees_come_is_never_below_the_line(open_page: Open, chat: Chat, author: Person, room: str) -> None:
    page = open_page(unique("Reader"))
    member(chat, page, room)
    page.goto(f"/rooms/{room}")
    live(page)
    say(page, "mine")
    for number in range(1, 4):
        speak(chat, author, room, number, number)
        expect(page.locator("[data-entry]")).to_have_count(number + 1)
    expect(page.locator("[data-entries] [data-new]")).to_have_count(0)


def test_after_an_absence_the_feed_goes_on_at_the_line(open_page: Open, chat: Chat, author: Person, room: str) -> None:
    page = open_page(unique("Reader"))
    person = member(chat, page, room)
    speak(chat, author, room, 1, 5)
    page.goto(f"/rooms/{room}")
    live(page)
    expect(page.locator('[data-seq="5"]')).to_be_in_viewport()
    eventually(lambda: read(chat, person, room) == 5)
    away(page)
    speak(chat, author, room, 6, 85)
    page.context.set_offline(False)
    expect(page.locator("[data-caught-up]")).to_have_text("Caught up: 80 new messages", timeout=20_000)
    expect(page.locator("[data-entries] [data-new]")).to_be_in_viewport()
    assert after_the_line(page) == "6"
    shows(page.locator("[data-jump]"), "80 new messages")
    assert read(chat, person, room) < 85


def test_what_was_read_of_a_room_that_is_left_at_once_stays_read(
    open_page: Open, chat: Chat, author: Person, room: str
) -> None:
    page = open_page(unique("Reader"))
    person = member(chat, page, room)
    page.goto(f"/rooms/{room}")
    live(page)
    page.click('[data-room-link="work"]')
    expect(page.locator("h1")).to_have_text("work")
    page.go_back()
    expect(page.locator("h1")).to_have_text(room)
    # In the moment in which it is drawn: before anything can be told of it.
    page.evaluate(
        """() => new MutationObserver((_, observer) => {
            if (!document.querySelector('[data-seq="2"]')) return;
            observer.disconnect();
            document.querySelector('[data-room-link="work"]').click();
        }).observe(document.querySelector("[data-entries]"), { childList: true })"""
    )
    speak(chat, author, room, 1, 2)
    expect(page.locator("h1")).to_have_text("work")
    eventually(lambda: read(chat, person, room) == 2)


def test_a_reload_keeps_the_place(open_page: Open, chat: Chat, author: Person, room: str) -> None:
    speak(chat, author, room, 1, 300)
    page = open_page(unique("Reader"))
    member(chat, page, room)
    page.goto(f"/rooms/{room}")
    live(page)
    page.locator("[data-feed]").hover()
    eventually(lambda: page.mouse.wheel(0, -2000) or page.locator('[data-seq="150"]').count(), within=20)
    page.locator('[data-seq="160"]').scroll_into_view_if_needed()
    page.locator('[data-seq="160"]').evaluate(
        "(line) => { line.closest('[data-feed]').scrollTop += line.getBoundingClientRect().top - 300; }"
    )
    top = "document.querySelector('[data-seq=\"160\"]')?.getBoundingClientRect().top ?? NaN"
    eventually(lambda: abs(page.evaluate(top) - 300) < 2)
    page.reload()
    live(page)
    eventually(lambda: abs(page.evaluate(top) - 300) < 2)


def test_without_a_script_a_room_that_was_opened_is_read(
    open_page: Open, chat: Chat, author: Person, room: str
) -> None:
    page = open_page(unique("Plain"), java_script_enabled=False)
    person = member(chat, page, room)
    speak(chat, author, room, 1, 7)
    page.goto(f"/rooms/{room}")
    eventually(lambda: read(chat, person, room) == 7)
    # Writing marks everything before it as read, whether or not the next page tells of it.
    page.route("**/read?*", lambda route: route.abort())
    page.fill("[name=msg]", "and mine")
    page.click("[data-send]")
    expect(page.locator('[data-seq="8"]')).to_be_visible()
    assert read(chat, person, room) == 8


def test_a_script_that_looks_at_a_page_marks_only_what_it_shows(
    open_page: Open, chat: Chat, author: Person, room: str
) -> None:
    page = open_page(unique("Reader"))
    person = member(chat, page, room)
    speak(chat, author, room, 1, 40)
    answer = page.request.get(f"/rooms/{room}")
    assert answer.ok
    assert read(chat, person, room) == 0


def test_what_is_read_as_it_comes_is_never_shown_as_unread(
    ada_page: Page, chat: Chat, author: Person, room: str
) -> None:
    ada_page.evaluate(
        """() => {
            window.badges = [];
            new MutationObserver((changes) => changes.forEach(({ target }) => window.badges.push(target.outerHTML)))
                .observe(document.querySelector("[data-rooms]"), { attributeFilter: ["hidden"], subtree: true });
        }"""
    )
    speak(chat, author, room, 1, 20)
    shows(ada_page.locator("[data-entries]"), "message 20")
    assert ada_page.evaluate("window.badges") == []
