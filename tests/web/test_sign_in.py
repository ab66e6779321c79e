"""The door: where it leads, what it keeps, and that asking twice is asking once."""

import html
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from chat import create_app
from chat.config import Config
from chat.domain import Chat
from tests.support.clients import unique
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.servers import SECRET, free_port
from tests.support.visitors import Visitor

Visit = Callable[..., Visitor]
Unheard = tuple[Flask, Callable[[str], AbstractContextManager[None]]]


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


@pytest.fixture
def visit(app: Flask) -> Visit:
    """Opens browsers that know nothing of each other."""
    return lambda to=app: Visitor(to.test_client())


def person_of(visitor: Visitor) -> str:
    """The id of the person whom the page that is open belongs to."""
    found = re.search(r'data-own="(\w+)"', visitor.html)
    assert found, visitor.html
    return found[1]


def composed(visitor: Visitor) -> str:
    """What stands in the composer."""
    found = re.search(r'<textarea id="msg"[^>]*>([^<]*)</textarea>', visitor.html)
    assert found, visitor.html
    return html.unescape(found[1])


def with_another_key(config: Config) -> Flask:
    """The same chat after its key was changed."""
    return create_app(Config(redis_url=config.redis_url, secret_key=secrets.token_hex(32), rate_limit=False))


# Where it leads


@pytest.mark.parametrize("query", ["", "?before=1"])
def test_a_link_to_a_room_leads_a_newcomer_there(visit: Visit, room: str, query: str) -> None:
    newcomer = visit()
    assert newcomer.get(f"/rooms/{room}{query}") == 200
    assert newcomer.path == "/"
    assert newcomer.hidden("/")["next"].removesuffix("?") == f"/rooms/{room}{query}"
    # A refused name does not lose the way.
    assert newcomer.submit("/", name="admin") == 400
    assert newcomer.submit("/", name=unique("New")) == 200
    assert newcomer.path == f"/rooms/{room}"
    assert newcomer.get(f"/?next=/rooms/{room}") == 200
    assert newcomer.path == f"/rooms/{room}"


@pytest.mark.parametrize(
    "way",
    [
        *("//evil.test/rooms/x", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "/static/css/base.css"),
        *("/leave", "/healthz", "/?next=/", "", "///", "//[", "/rooms/a/b/c", "/rooms//", "/" + "x" * 100_000, "work"),
    ],
)
def test_no_other_address_is_led_to(visit: Visit, way: str) -> None:
    newcomer = visit()
    newcomer.get("/")
    answer = newcomer.client.post("/", data=newcomer.hidden("/") | {"name": unique("New"), "next": way})
    assert answer.location == "/rooms/work"


def test_only_what_a_place_knows_goes_with_the_way(visit: Visit) -> None:
    newcomer = visit()
    newcomer.get("/")
    way = "/rooms/work?before=7&_external=1&_scheme=javascript&_anchor=x&room=other&x=y"
    answer = newcomer.client.post("/", data=newcomer.hidden("/") | {"name": unique("New"), "next": way})
    assert answer.location == "/rooms/work?before=7"


def test_a_link_from_elsewhere_keeps_to_this_host(visit: Visit) -> None:
    newcomer = visit()
    newcomer.get("/?next=https://evil.test/rooms/work")
    assert "evil" not in newcomer.html


# Asking twice


def test_two_clicks_are_one_person(visit: Visit) -> None:
    newcomer = visit()
    newcomer.get("/")
    name, fields = unique("Twice"), newcomer.hidden("/")
    cookie = newcomer.client._cookies.copy()

    def click(_: int) -> tuple[int, str]:
        again = visit()
        again.client._cookies = cookie.copy()
        status = again.client.post("/", data=fields | {"name": name}).status_code
        again.get("/rooms/work")
        return status, person_of(again)

    with ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(click, range(4)))
    assert {status for status, _ in answers} == {302}
    assert len({person for _, person in answers}) == 1


def test_a_form_sent_again_after_its_answer_came_is_no_error(visit: Visit, room: str) -> None:
    newcomer = visit()
    newcomer.get(f"/rooms/{room}")
    name, fields = unique("Again"), newcomer.hidden("/")
    newcomer.submit("/", name=name)
    answer = newcomer.client.post("/", data=fields | {"name": name})
    assert (answer.status_code, answer.location) == (302, f"/rooms/{room}")
    newcomer.get(f"/rooms/{room}")
    assert "flash" not in newcomer.html


def test_nobody_else_can_repeat_a_claim(visit: Visit) -> None:
    newcomer, thief = visit(), visit()
    newcomer.get("/")
    name, claim = unique("Mine"), newcomer.hidden("/")["claim"]
    assert len(claim) >= 32
    newcomer.submit("/", name=name)
    thief.get("/")
    # Somebody who sees the form, without its browser's cookie.
    assert thief.submit("/", name=name, claim=claim) == 409
    assert thief.submit("/", name=name, claim="") == 409


@pytest.fixture
def unheard(own_redis: Redis, tmp_path: Path) -> Iterator[Unheard]:
    """A chat, and what has it not hear Redis's answer to the next command that has some text in it."""
    proxy = Proxy(own_redis.port)
    app = create_app(Config(redis_url=f"redis://127.0.0.1:{proxy.port}/0", secret_key=SECRET, instance=tmp_path))

    @contextmanager
    def not_hearing(text: str) -> Iterator[None]:
        # The Redis client asks once more, on a connection that leads nowhere.
        proxy.target = free_port()
        proxy.drop_reply(text.encode())
        yield
        assert proxy.dropped
        proxy.target = own_redis.port

    yield app, not_hearing
    proxy.close()


def test_an_answer_that_is_lost_loses_no_name(unheard: Unheard, own_redis: Redis, visit: Visit) -> None:
    app, not_hearing = unheard
    newcomer, other = visit(app), visit(app)
    name = unique("Frieda")
    newcomer.get("/")
    other.get("/")
    with not_hearing(name):
        assert newcomer.submit("/", name=name) == 503
    (stored,) = own_redis.client().keys("chat:{people}:user:*")
    assert "Try again" in newcomer.html
    assert other.submit("/", name=name) == 409
    assert newcomer.submit("/") == 200
    assert newcomer.path == "/rooms/work"
    assert stored.endswith(person_of(newcomer))


def test_an_answer_that_is_lost_loses_no_room(unheard: Unheard, visit: Visit) -> None:
    app, not_hearing = unheard
    maker = visit(app).named(unique("Maker"))
    maker.get("/rooms")
    with not_hearing("Beans"):
        assert maker.submit("/rooms", name="garden", topic="Beans") == 503
    assert maker.submit("/rooms") == 200
    assert maker.path == "/rooms/garden"


def test_a_room_is_made_once_by_one_form(visit: Visit, chat: Chat) -> None:
    maker, other = visit().named(unique("Maker")), visit().named(unique("Other"))
    maker.get("/rooms")
    name = unique("garden").replace(" ", "-")
    fields = maker.hidden("/rooms") | {"name": name, "topic": "Beans"}
    for _ in range(2):
        answer = maker.client.post("/rooms", data=fields)
        assert (answer.status_code, answer.location) == (302, f"/rooms/{name}")
    other.get("/rooms")
    assert other.submit("/rooms", name=name, id=fields["id"]) == 409
    maker.get("/rooms")
    assert maker.submit("/rooms", name=name) == 409
    assert chat.rooms.find(name).topic == "Beans"


def test_the_bound_of_rooms_is_no_reason_to_refuse_a_repeat(own_redis: Redis, tmp_path: Path, visit: Visit) -> None:
    app = create_app(Config(redis_url=own_redis.url, secret_key=SECRET, instance=tmp_path, max_rooms=2))
    maker = visit(app).named(unique("Maker"))
    maker.get("/rooms")
    fields = maker.hidden("/rooms") | {"name": "garden", "topic": ""}
    for _ in range(2):
        assert maker.client.post("/rooms", data=fields).location == "/rooms/garden"


# What it keeps


def test_a_message_survives_a_lost_name(visit: Visit, room: str, chat: Chat) -> None:
    writer = visit().named(unique("Writer"))
    writer.get(f"/rooms/{room}")
    chat.sign_out(person_of(writer))
    text = 'Two lines,\r\n  with "quotes" & <marks>'
    assert writer.submit(f"/rooms/{room}/messages", msg=text) == 401
    assert "no longer knows you" in writer.html
    assert composed(writer).splitlines() == text.splitlines()
    name = re.search(r'id="name"[^>]* value="([^"]+)"', writer.html)
    assert name and name[1].startswith("Writer")
    assert writer.submit("/", name=name[1], msg=text) == 200
    assert f'data-room="{room}"' in writer.html
    assert composed(writer).splitlines() == text.splitlines()
    assert chat.log.position(room).seq == 0
    assert writer.submit(f"/rooms/{room}/messages", msg=composed(writer)) == 200
    assert chat.log.position(room).seq == 1


def test_a_message_survives_a_new_key(visit: Visit, config: Config, room: str) -> None:
    writer = visit().named(unique("Writer"))
    writer.get(f"/rooms/{room}")
    restarted = visit(with_another_key(config))
    restarted.client._cookies, restarted.html = writer.client._cookies, writer.html
    assert restarted.submit(f"/rooms/{room}/messages", msg="still here") == 400
    assert "key has changed" in restarted.html
    assert composed(restarted) == "still here"
    # By the cookie that cannot be read, whose word is good enough for a field to fill in.
    assert 'value="Writer ' in restarted.html
    assert restarted.submit("/", name=unique("Writer"), msg="still here") == 200
    assert f'data-room="{room}"' in restarted.html and composed(restarted) == "still here"


def test_a_message_to_a_room_that_is_gone_is_kept_all_the_same(visit: Visit, room: str, chat: Chat) -> None:
    writer = visit().named(unique("Writer"))
    writer.get(f"/rooms/{room}")
    chat.sign_out(person_of(writer))
    writer.submit(f"/rooms/{room}/messages", msg="kept")
    chat.removals.remove(room)
    assert writer.submit("/", name=unique("Writer"), msg="kept") == 200
    assert 'data-room="work"' in writer.html and composed(writer) == "kept"


def test_a_form_of_before_one_came_in_anew_is_shown_again(visit: Visit, room: str, chat: Chat) -> None:
    writer = visit().named(unique("Writer"))
    writer.get(f"/rooms/{room}")
    stale = writer.html
    writer.submit("/leave", sure="yes")
    writer.submit("/", name=unique("Writer"))
    writer.html = stale
    assert writer.submit(f"/rooms/{room}/messages", msg="once more") == 400
    assert "before you last came in" in writer.html
    assert composed(writer) == "once more"
    assert chat.log.position(room).seq == 0
    writer.html = stale
    writer.html = f'<form action="/rooms"><input name="csrf_token" value="{writer.hidden("/")["csrf_token"]}"></form>'
    assert writer.submit("/rooms", name="sketches", topic="Pencil & ink") == 400
    assert 'value="sketches"' in writer.html and 'value="Pencil &amp; ink"' in writer.html


def test_the_form_of_a_room_is_kept_through_the_door(visit: Visit, chat: Chat) -> None:
    maker = visit().named(unique("Maker"))
    chat.sign_out(person_of(maker))
    maker.html = maker.html.replace("<body", '<form action="/rooms"></form><body', 1)
    assert maker.submit("/rooms", name="sketches", topic="Pencil & ink") == 401
    assert maker.submit("/", name=unique("Maker")) == 200
    assert maker.path == "/rooms"
    assert 'value="sketches"' in maker.html and 'value="Pencil &amp; ink"' in maker.html


def test_a_browser_that_keeps_no_cookies_is_told_each_time(app: Flask, room: str) -> None:
    blocked = Visitor(app.test_client(use_cookies=False))
    blocked.get(f"/rooms/{room}")
    for _ in range(2):
        assert blocked.submit("/", name="Nora") == 400
        assert "did not send the chat's cookie" in html.unescape(blocked.html)
        assert 'value="Nora"' in blocked.html
    assert blocked.hidden("/")["next"] == f"/rooms/{room}"


@pytest.mark.parametrize(
    "value", ["x", ".x", ".eJwrSS0uUbJSUAIAFOcDeg", "e30.x.y", "eyJuYW1lIjoxfQ.x.y", "W10", "é" * 9, "=" * 4000]
)
def test_an_unreadable_cookie_is_said_at_the_door(visit: Visit, value: str) -> None:
    stranger = visit()
    stranger.client.set_cookie("chat-00000000", value)
    assert stranger.get("/") == 200
    assert "cannot read the cookie" in stranger.html
    # From then on there is one that it can.
    assert stranger.get("/") == 200
    assert "cannot read the cookie" not in stranger.html


def test_a_name_in_an_unreadable_cookie_is_text(app: Flask, config: Config, visit: Visit) -> None:
    signer = with_another_key(config).session_interface.get_signing_serializer(with_another_key(config))
    stranger = visit()
    stranger.client.set_cookie("chat-00000000", signer.dumps({"name": '"><script>alert(1)</script>' + "x" * 500}))
    assert stranger.get("/") == 200
    assert "&lt;script&gt;" in stranger.html and "<script>" not in stranger.html
    shown = re.search(r'id="name"[^>]* value="([^"]*)"', stranger.html)
    assert shown and len(html.unescape(shown[1])) == 200


def test_signing_in_leaves_nothing_of_the_session_before(app: Flask, visit: Visit) -> None:
    newcomer = visit()
    newcomer.get("/")
    before = newcomer.hidden("/")["csrf_token"]
    newcomer.submit("/", name=unique("New"))
    assert newcomer.client.post("/leave", data={"csrf_token": before, "sure": "yes"}).status_code == 302
    assert newcomer.get("/rooms/work") == 200 and newcomer.path == "/rooms/work"
