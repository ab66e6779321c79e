"""Reading: the feed stays where the reader is."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from chat.domain import Chat
from tests.support.browsers import Open, live, say, shows
from tests.support.clients import Client, unique
from tests.support.waiting import eventually


@pytest.fixture
def long_room(chat: Chat, room: str) -> str:
    """A room in which 300 messages were said."""
    author = chat.people.claim(unique("Author"), "127.0.0.1")
    chat.visits.enter(author, room)
    for number in range(300):
        chat.messages.post(author, room, f"message {number}\nof two lines", f"id{number}")
    return room


@pytest.fixture
def reader(open_page: Open, long_room: str) -> Page:
    """Somebody who reads in the long room."""
    return open_page(unique("Reader"), path=f"/rooms/{long_room}")


def gap(page: Page) -> float:
    """How far the feed is from its end, in pixels."""
    return page.evaluate(
        """() => {
            const feed = document.querySelector("[data-feed]");
            return feed.scrollHeight - feed.scrollTop - feed.clientHeight;
        }"""
    )


def top_of(page: Page, seq: int) -> float:
    """Where an entry stands in the window, once nothing moves any more."""
    return page.evaluate(
        """(seq) => new Promise((resolve) => {
            let last = NaN, still = 0;
            const look = () => {
                const top = document.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().top;
                still = top === last ? still + 1 : 0;
                last = top;
                if (still > 15) resolve(top);
                else requestAnimationFrame(look);
            };
            look();
        })""",
        seq,
    )


def scroll(page: Page, by: int) -> None:
    """Scroll the feed as a wheel does."""
    page.locator("[data-feed]").hover()
    page.mouse.wheel(0, by)


def test_b13_scrolled_up_a_new_message_moves_nothing_and_a_button_leads_there(
    reader: Page, ada: Client, long_room: str
) -> None:
    ada.ok("join", {"room": long_room})
    expect(reader.locator("[data-jump]")).to_be_hidden()
    scroll(reader, -900)
    shows(reader.locator("[data-jump]"), "Newest messages")
    seq = 280
    eventually(lambda: reader.locator(f'[data-seq="{seq}"]').count())
    before = top_of(reader, seq)
    for number in range(3):
        ada.say(f"new {number}", room=long_room)
    shows(reader.locator("[data-jump]"), "3 new messages")
    assert top_of(reader, seq) == before
    reader.click("[data-jump]")
    expect(reader.locator('[data-seq="301"]')).to_be_in_viewport()
    expect(reader.locator("[data-jump]")).to_be_hidden()


def test_b14_at_the_bottom_the_feed_stays_there(reader: Page, ada: Client, long_room: str) -> None:
    ada.ok("join", {"room": long_room})
    eventually(lambda: gap(reader) < 2)
    ada.say("one more\nand\nmore", room=long_room)
    expect(reader.locator('[data-seq="301"]')).to_be_in_viewport()
    eventually(lambda: gap(reader) < 2)
    reader.fill("[name=msg]", "1\n2\n3\n4\n5\n6")
    eventually(lambda: gap(reader) < 2)
    reader.set_viewport_size({"width": 700, "height": 500})
    eventually(lambda: gap(reader) < 2)


def seqs(page: Page) -> list[int]:
    """The `seq` of each entry on the page."""
    found: list[int] = page.evaluate("[...document.querySelectorAll('[data-entry]')].map((e) => Number(e.dataset.seq))")
    return found


def test_b15_loading_older_messages_keeps_the_line_being_read(reader: Page) -> None:
    expect(reader.locator('[data-seq="251"]')).to_have_count(1)
    places = []
    while seqs(reader)[0] > 60:
        # Where the line that is read stands before and after what is above it came.
        places.append(
            reader.evaluate(
                """async () => {
                    const feed = document.querySelector("[data-feed]");
                    const entries = document.querySelector("[data-entries]");
                    feed.scrollTop = 120;
                    const top = feed.getBoundingClientRect().top;
                    const line = [...entries.querySelectorAll("[data-entry]")]
                        .find((entry) => entry.getBoundingClientRect().bottom > top);
                    const before = line.getBoundingClientRect().top;
                    await new Promise((resolve, reject) => {
                        setTimeout(() => reject(new Error("no older page came")), 10_000);
                        new MutationObserver((_, observer) => {
                            observer.disconnect();
                            requestAnimationFrame(() => requestAnimationFrame(resolve));
                        }).observe(entries, { childList: true });
                    });
                    return [before, line.getBoundingClientRect().top];
                }"""
            )
        )
    assert len(places) >= 3
    assert [place for place in places if abs(place[1] - place[0]) >= 1] == []


def test_b15_paging_back_leads_to_the_beginning_without_a_hole(reader: Page) -> None:
    seen: set[int] = set()

    def first() -> int:
        scroll(reader, -20_000)
        shown = seqs(reader)
        assert shown == list(range(shown[0], shown[-1] + 1))
        seen.update(shown)
        return shown[0]

    eventually(lambda: first() == 1, within=20)
    expect(reader.locator(".beginning")).to_be_visible()
    assert seen == set(range(1, 301))


def test_b20_days_are_separated_runs_grouped_and_times_the_readers_own(open_page: Open, chat: Chat, room: str) -> None:
    author = chat.people.claim(unique("Author"), "127.0.0.1")
    chat.visits.enter(author, room)
    for number in range(3):
        chat.messages.post(author, room, str(number), f"id{number}")
    now = dt.datetime.now(dt.UTC)
    german = open_page(unique("Leser"), path=f"/rooms/{room}", locale="de-DE", timezone_id="Asia/Tokyo")
    expect(german.locator("[data-day]")).to_have_text(["Heute"])
    expect(german.locator("[data-entry].lead")).to_have_count(1)
    shown = german.locator("[data-entry] time").first.inner_text()
    there = now.astimezone(dt.timezone(dt.timedelta(hours=9)))
    assert shown.zfill(5) in {f"{moment:%H:%M}" for moment in (there, there - dt.timedelta(minutes=1))}


def test_an_unread_count_comes_and_goes(open_page: Open, ada: Client, chat: Chat, room: str) -> None:
    page = open_page(unique("Reader"), path=f"/rooms/{room}")
    other = open_page(context=page.context, path="/rooms/work")
    live(other)
    badge = other.locator(f'[data-room-link="{room}"] [data-unread]')
    ada.ok("join", {"room": room})
    page.goto("/rooms/work")
    live(page)
    page.bring_to_front()
    for number in range(3):
        ada.say(str(number), room=room)
    for each in (page, other):
        shows(each.locator(f'[data-room-link="{room}"] [data-unread]'), "3 unread")
        expect(each).to_have_title(re.compile(r"^\("))
    other.reload()
    shows(badge, "3 unread")
    page.click(f'[data-room-link="{room}"]')
    expect(page.locator("[data-new]")).to_have_count(1)
    # Read in one tab, read in all.
    for each in (page, other):
        expect(each.locator(f'[data-room-link="{room}"] [data-unread]')).to_be_hidden()


def test_moving_between_rooms_keeps_the_connection_and_each_place(reader: Page, long_room: str) -> None:
    sockets: list[str] = []
    reader.on("websocket", lambda socket: sockets.append(socket.url))
    scroll(reader, -700)
    eventually(lambda: gap(reader) > 500)
    before = gap(reader)
    reader.click('[data-room-link="work"]')
    expect(reader.locator("h1")).to_have_text("work")
    assert reader.url.endswith("/rooms/work")
    say(reader, unique("said in work"))
    expect(reader.locator('[data-state="pending"]')).to_have_count(0)
    reader.go_back()
    expect(reader.locator("h1")).to_have_text(long_room)
    assert abs(gap(reader) - before) < 2
    assert sockets == []


def test_a_room_that_somebody_makes_shows_up(ada_page: Page, open_page: Open) -> None:
    name = unique("garden").replace(" ", "-")
    maker = open_page(unique("Maker"))
    maker.goto("/rooms")
    maker.fill("#name", name)
    maker.fill("#topic", "What grows")
    maker.click("button.filled")
    expect(maker.locator("h1")).to_have_text(name)
    ada_page.click(f'[data-room-link="{name}"]')
    expect(ada_page.locator(".topic")).to_have_text("What grows")


def test_an_older_page_stays_what_it_is_and_leads_to_what_came_after(reader: Page, ada: Client, long_room: str) -> None:
    ada.ok("join", {"room": long_room})
    reader.goto(f"/rooms/{long_room}?before=101")
    live(reader)
    ada.say("news", room=long_room)
    expect(reader.locator("[data-newer]")).to_have_text("Later messages, and new ones")
    seqs = reader.evaluate("[...document.querySelectorAll('[data-entry]')].map((e) => Number(e.dataset.seq))")
    assert seqs == list(range(seqs[0], 101))
    reader.click("[data-newer]")
    expect(reader.locator('[data-seq="101"]')).to_have_count(1)


def test_b15_in_a_tall_window_older_messages_come_by_themselves(open_page: Open, chat: Chat, room: str) -> None:
    author = chat.people.claim(unique("Author"), "")
    chat.visits.enter(author, room)
    for number in range(120):
        chat.messages.post(author, room, str(number), f"id{number}")
    page = open_page(unique("Reader"), path=f"/rooms/{room}")
    page.set_viewport_size({"width": 2560, "height": 1440})
    page.reload()
    live(page)
    # The fifty of the page leave nothing to scroll.
    eventually(lambda: page.evaluate("Number(document.querySelector('[data-entry]').dataset.seq)") < 60)
    expect(page.locator('[data-seq="120"]')).to_be_in_viewport()
