"""The chat below a path of its own, beside something else on the same host."""

import http.client
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import expect

from chat.domain import Chat
from tests.support.browsers import Open, live, say, texts
from tests.support.clients import unique
from tests.support.servers import Server
from tests.support.waiting import eventually

Start = Callable[..., Server]


def status(server: Server, path: str, **headers: str) -> int:
    """The status of an answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().status


def test_all_of_it_works_below_a_path(new_server: Start, open_page: Open, chat: Chat) -> None:
    server = new_server(SCRIPT_NAME="/chat")
    assert status(server, "/healthz") == status(server, "/chat/healthz") == 200
    assert status(server, "/chatter") == 404
    page = open_page(path="/chat", to=server)
    page.fill("#name", unique("Ada"))
    page.click("button[type=submit]")
    live(page)
    assert page.url == f"{server.url}/chat/rooms/work"
    say(page, said := unique("hello"))
    eventually(lambda: said in texts(page))
    page.fill("[name=msg]", "half of")
    eventually(lambda: page.evaluate("Object.keys(localStorage)"), what="the draft is kept")
    # The same host may serve another chat beside it.
    assert [key for key in page.evaluate("Object.keys(localStorage)") if not key.startswith("/chat ")] == []
    page.fill("[name=msg]", "")
    (cookie,) = [each for each in page.context.cookies() if each["name"].startswith("chat")]
    assert cookie["path"] == "/chat"
    page.goto(f"{server.url}/chat/rooms")
    page.fill("[name=name]", name := unique("room").lower().replace(" ", "-"))
    page.click("main button[type=submit]")
    live(page)
    assert page.url == f"{server.url}/chat/rooms/{name}"
    page.click('[data-room-link="work"]')
    eventually(lambda: said in texts(page))
    assert page.url == f"{server.url}/chat/rooms/work"
    # A room that somebody else makes meanwhile.
    made = chat.rooms.create(unique("room"), "", chat.people.claim(unique("Founder"), "")).id
    link = page.locator(f'[data-room-link="{made}"]')
    expect(link).to_have_attribute("href", f"/chat/rooms/{made}")
    link.click()
    expect(page.locator("h1")).to_have_text(made)
    assert page.url == f"{server.url}/chat/rooms/{made}"


@pytest.mark.parametrize(
    ("trusted", "path", "prefix", "found"),
    [
        ("1", "/rooms", "/talk", "/talk/"),
        ("1", "/talk/rooms", "/talk", "/talk/"),
        ("1", "/rooms", "//evil.example", "/"),
        ("1", "/rooms", "/no path", "/"),
        ("0", "/rooms", "/talk", "/"),
    ],
)
def test_a_trusted_proxy_says_below_which(new_server: Start, trusted: str, path: str, prefix: str, found: str) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES=trusted, WEB_CONCURRENCY="1")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"X-Forwarded-Prefix": prefix})
        answer = connection.getresponse()
        assert answer.status == 302
        assert (answer.getheader("Location") or "").partition("?")[0] == found
