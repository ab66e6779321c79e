"""What was written is kept until it is sent, and sent once."""

import os
import signal

from playwright.sync_api import Page, expect

from tests.support.browsers import Open, away, live, say, texts
from tests.support.clients import unique
from tests.support.memberships import lose
from tests.support.servers import Server
from tests.support.waiting import eventually

SENT = '[data-entry][data-state="sent"] [data-slot=text]'


def test_b4_messages_written_offline_survive_a_closed_tab_and_go_out_once_in_order(
    ada_page: Page, open_page: Open
) -> None:
    path = ada_page.evaluate("location.pathname")
    context = ada_page.context
    say(ada_page, "before")
    expect(ada_page.locator(SENT)).to_have_text(["before"])
    away(ada_page)
    for number in range(5):
        say(ada_page, f"away {number}")
    expect(ada_page.locator('[data-state="pending"]')).to_have_count(5)
    ada_page.close()
    context.set_offline(False)
    again = open_page(context=context, path=path)
    live(again)
    wanted = ["before", *(f"away {number}" for number in range(5))]
    expect(again.locator(SENT)).to_have_text(wanted)
    expect(again.locator("[data-entry]")).to_have_count(6)
    again.reload()
    live(again)
    assert texts(again) == wanted


def test_one_outbox_in_two_tabs_goes_out_once_in_order(ada_page: Page, open_page: Open) -> None:
    path = ada_page.evaluate("location.pathname")
    other = open_page(context=ada_page.context, path=path)
    live(other)
    away(ada_page)
    other.wait_for_selector('[data-status="offline"]')
    wanted = []
    for number in range(6):
        wanted.append(f"message {number}")
        say((ada_page, other)[number % 2], wanted[-1])
    for page in (ada_page, other):
        # What one tab waits with, the other shows too.
        expect(page.locator('[data-state="pending"]')).to_have_count(6)
    ada_page.context.set_offline(False)
    for page in (ada_page, other):
        expect(page.locator(SENT)).to_have_text(wanted, timeout=15_000)
        expect(page.locator("[data-entry]")).to_have_count(6)


def test_b2_a_message_whose_server_dies_before_it_answers_stands_once(
    new_server, open_page: Open, redis_url: str
) -> None:
    server: Server = new_server()
    page = open_page(unique("Ada"), to=server, path="/rooms/work")
    # Everything sent below reaches a server that is stopped, and killed before it answers.
    workers = server.worker_pids()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    text = unique("said once")
    say(page, text)
    expect(page.locator('[data-state="pending"]')).to_have_count(1)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(server.worker_pids()) == 2 and not set(workers) & set(server.worker_pids()), within=20)
    expect(page.locator(SENT).filter(has_text=text)).to_have_count(1, timeout=30_000)
    page.reload()
    live(page)
    assert texts(page).count(text) == 1


def test_b6_what_was_refused_is_there_after_a_reload_with_its_reason(ada_page: Page, chat, room: str) -> None:
    person = chat.people.find(ada_page.get_attribute("#room", "data-own"))
    lose(chat, room, person.id)
    say(ada_page, "refused")
    expect(ada_page.locator('[data-state="failed"]')).to_contain_text("There is no room called")
    ada_page.reload()
    failed = ada_page.locator('[data-state="failed"]')
    expect(failed).to_contain_text("refused")
    failed.get_by_role("button", name="Try again").click()
    expect(ada_page.locator(SENT)).to_have_text(["refused"])
