"""A real browser on a bad network."""

import datetime
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.browsers import Open, live, say, texts
from tests.support.clients import unique
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.waiting import eventually


@pytest.fixture
def page(open_page: Open, proxy: Proxy) -> Page:
    """Ada's page, by a way that the test may break."""
    return open_page(unique("Ada"), to=proxy)


@pytest.fixture
def other(open_page: Open, own_server: Server) -> Page:
    """Ben's page, by the straight way."""
    return open_page(unique("Ben"), to=own_server)


def test_a_line_that_died_in_silence_is_replaced_for_a_send_that_waits(page: Page, other: Page, proxy: Proxy) -> None:
    proxy.swallow_now()
    say(page, "are you there?")
    # Late after two and a half seconds, proven dead after as many more.
    eventually(lambda: texts(other) == ["are you there?"], within=8)
    say(other, "I am")
    eventually(lambda: texts(page) == ["are you there?", "I am"])


@pytest.mark.parametrize("event", ["online", "visibilitychange"])
def test_a_line_that_died_in_silence_is_replaced_when_there_is_doubt(
    page: Page, other: Page, proxy: Proxy, event: str
) -> None:
    proxy.swallow_now()
    say(other, "missed")
    page.evaluate(f"({'window' if event == 'online' else 'document'}).dispatchEvent(new Event('{event}'))")
    eventually(lambda: texts(page) == ["missed"], within=6)
    assert "Caught up: 1 new message" in page.inner_text("[data-caught-up]")


def test_a_clock_two_hours_off_changes_nothing(open_page: Open, own_server: Server, other: Page) -> None:
    def set_clock(page: Page) -> None:
        page.clock.install(time=datetime.datetime.now() + datetime.timedelta(hours=2))

    ahead = open_page(unique("Ada"), to=own_server, prepare=set_clock)
    said: list[str] = []
    for number in range(3):
        for writer in (other, ahead):
            said.append(f"message {len(said)}, round {number}")
            say(writer, said[-1])
            eventually(lambda: texts(ahead) == texts(other) == said)
    ahead.context.set_offline(True)
    say(other, "while away")
    say(ahead, "on return")
    ahead.context.set_offline(False)
    eventually(lambda: texts(ahead)[-2:] == texts(other)[-2:] == ["while away", "on return"])
    assert ahead.locator('[data-state="pending"], [data-state="failed"]').count() == 0


def test_a_store_that_was_emptied_is_told_in_plain_words(
    page: Page, own_redis: Redis, open_page: Open, own_server: Server
) -> None:
    say(page, "before")
    eventually(lambda: page.locator('[data-state="sent"]').count() == 1)
    own_redis.client().flushall()
    page.wait_for_selector("text=The conversation did not go on from where you were.")
    live(page)
    say(page, "after")
    eventually(lambda: texts(page) == ["after"])
    # Who was not connected is a stranger now, and is told so.
    page.context.set_offline(True)
    own_redis.client().flushall()
    eventually(lambda: own_redis.client().keys("*user:*") == [], within=20)
    page.context.set_offline(False)
    page.click("[data-come-in]")
    page.wait_for_selector("text=The chat no longer knows you as")
    page.click("button[type=submit]")
    live(page)


def test_a_room_that_is_gone_says_so(page: Page, own_redis: Redis) -> None:
    page.goto("/rooms")
    page.fill("#name", "garden")
    page.click("text=Make the room")
    live(page)
    page.fill("[name=msg]", "lost words")
    own_redis.client().flushall()
    page.wait_for_selector("text=This room is no longer here")
    assert page.input_value("[name=msg]") == "lost words"
    page.click("[data-home]")
    live(page)
    assert page.url.endswith("/rooms/work")


def test_a_worker_that_dies_before_its_answer_leaves_one_message(
    page: Page, other: Page, kill_worker: Callable[[], None]
) -> None:
    for number in range(3):
        say(page, f"message {number}")
        kill_worker()
    live(page)
    eventually(lambda: texts(page) == texts(other) == [f"message {number}" for number in range(3)], within=15)
