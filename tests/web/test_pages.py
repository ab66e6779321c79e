"""The pages, as a browser without a script meets them."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from chat import create_app
from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from tests.support.clients import unique
from tests.support.servers import SECRET
from tests.support.visitors import Visitor

Visit = Callable[[], "Visitor"]


def own(visitor: Visitor) -> Person:
    """The visitor's person."""
    with visitor.client.session_transaction() as session:
        return Person(session["person"], session["name"])


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


@pytest.fixture
def visit(app: Flask) -> Visit:
    """Opens browsers that know nothing of each other."""
    return lambda: Visitor(app.test_client())


@pytest.fixture
def visitor(visit: Visit) -> Visitor:
    """Somebody with a name, in the default room."""
    return visit().named(unique("Visitor"))


def test_one_chooses_a_name_and_is_in_the_default_room(visit: Visit) -> None:
    newcomer = visit()
    name = unique("New")
    assert newcomer.get("/") == 200
    assert newcomer.submit("/", name=f"  {name} ") == 200
    assert newcomer.path == "/rooms/work"
    assert name in newcomer.html


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Type a name first."), ("admin", "keeps for itself"), ("x" * 33, "33 characters"), ("a\u200bb", "invisible")],
)
def test_a_refused_name_says_why_and_stays(visit: Visit, typed: str, said: str) -> None:
    newcomer = visit()
    newcomer.get("/")
    assert newcomer.submit("/", name=typed) == 400
    assert said in newcomer.html
    assert f'value="{typed}"' in newcomer.html
    assert 'aria-invalid="true"' in newcomer.html


def test_a_taken_name_is_refused_and_nobody_is_signed_in(visit: Visit, visitor: Visitor) -> None:
    taken = unique("Taken")
    visit().named(taken)
    newcomer = visit()
    newcomer.get("/")
    assert newcomer.submit("/", name=taken.upper()) == 409
    assert newcomer.get("/rooms/work") == 200
    assert newcomer.path == "/"


def test_the_same_browser_is_the_same_person_again(visitor: Visitor) -> None:
    before = re.search(r'data-own="(\w+)"', visitor.html)
    assert visitor.get("/") == 200
    assert visitor.path == "/rooms/work"
    assert before and before[0] in visitor.html


def test_leaving_asks_first_also_a_form_of_before_it_did(visitor: Visitor) -> None:
    assert visitor.submit("/leave") == 200
    assert "give your name back?" in visitor.html
    assert visitor.get("/rooms/work") == 200 and visitor.path == "/rooms/work"


def test_leaving_gives_the_name_back_and_ends_every_cookie(visit: Visit) -> None:
    name = unique("Leaver")
    leaver = visit().named(name)
    (stolen,) = leaver.client._cookies.values()
    assert leaver.submit("/leave", sure="yes") == 200
    assert leaver.path == "/"
    thief = visit()
    thief.client.set_cookie(stolen.key, stolen.value)
    thief.get("/rooms/work")
    assert thief.path == "/"
    visit().named(name)


def test_writing_reading_and_paging_need_no_script(visitor: Visitor, room: str, chat: Chat) -> None:
    visitor.get(f"/rooms/{room}")
    assert visitor.submit(f"/rooms/{room}/messages", msg="message 0.", id="id0") == 200
    for number in range(1, 118):
        chat.messages.post(own(visitor), room, f"message {number}.", f"id{number}")
    for number in (118, 119):
        assert visitor.submit(f"/rooms/{room}/messages", msg=f"message {number}.", id=f"id{number}") == 200
    assert "message 119." in visitor.html
    assert "message 69." not in visitor.html
    older = re.search(r'data-older href="([^"]+)"', visitor.html)
    assert older
    visitor.get(older[1])
    assert "message 69." in visitor.html and "message 20." in visitor.html
    older, newer = (re.search(rf'data-{way} href="([^"]+)"', visitor.html) for way in ("older", "newer"))
    assert older and newer
    visitor.get(older[1])
    assert "message 0." in visitor.html
    assert 'data-older href="/' not in visitor.html
    visitor.get(newer[1])
    assert "message 119." in visitor.html


def test_a_form_sent_twice_says_it_once(visitor: Visitor, room: str, chat: Chat) -> None:
    visitor.get(f"/rooms/{room}")
    for _ in range(2):
        visitor.submit(f"/rooms/{room}/messages", msg="once", id="the-same")
    assert chat.log.position(room).seq == 1


def test_a_refused_message_stays_in_the_form_with_the_reason(visitor: Visitor, room: str) -> None:
    visitor.get(f"/rooms/{room}")
    long = "x" * 10_001
    assert visitor.submit(f"/rooms/{room}/messages", msg=long, id="id") == 413
    assert long in visitor.html
    assert "10,001 characters long" in visitor.html


def test_what_was_written_is_text(visitor: Visitor, room: str) -> None:
    visitor.get(f"/rooms/{room}")
    for text in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"):
        visitor.submit(f"/rooms/{room}/messages", msg=text, id=unique("id").replace(" ", "-"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in visitor.html
    assert "<img src=x" not in visitor.html
    assert "{{ 7 * 7 }}" in visitor.html


def test_a_room_is_made_by_a_form(visitor: Visitor) -> None:
    visitor.get("/rooms")
    name = unique("Design")
    assert visitor.submit("/rooms", name=name, topic="Shapes & colours") == 200
    assert visitor.path == "/rooms/" + name.lower().replace(" ", "-")
    assert "Shapes &amp; colours" in visitor.html
    visitor.get("/rooms")
    assert visitor.submit("/rooms", name=name, topic="") == 409
    assert "already" in visitor.html
    assert visitor.submit("/rooms", name="a/b", topic="") == 400


def test_what_is_wrong_with_a_room_stands_below_the_field_that_it_is_about(visitor: Visitor) -> None:
    visitor.get("/rooms")
    name = unique("topic").replace(" ", "-").lower()
    visitor.submit("/rooms", name=name, topic="")
    for wrong, field in ({"name": name, "topic": ""}, "name"), ({"name": "another", "topic": "x" * 201}, "topic"):
        visitor.get("/rooms")
        assert visitor.submit("/rooms", **wrong) in (400, 409)
        assert re.findall(r'id="(\w+)-error"', visitor.html) == [field]


def test_a_crowd_can_be_paged_through(visitor: Visitor, room: str, chat: Chat) -> None:
    crowd = [Person(f"{number:04x}", f"Person {number:03}") for number in range(120)]
    for person in crowd:
        chat.visits.enter(person, room)
    chat.presence.arrive(room, [(person, "tab") for person in crowd])
    assert visitor.get(f"/rooms/{room}") == 200
    assert "Person 099" in visitor.html and "Person 100" not in visitor.html
    assert f"/rooms/{room}/people?start=100" in visitor.html
    assert visitor.get(f"/rooms/{room}/people?start=100") == 200
    assert "Person 099" not in visitor.html and "Person 119" in visitor.html
    assert "Previous page" in visitor.html and "Next page" not in visitor.html
    assert visitor.get(f"/rooms/{room}/people?start=900") == 200
    assert "Nobody is here right now." in visitor.html
    assert visitor.get(f"/rooms/{room}/people?start=x") == 400


def test_a_name_that_the_chat_lost_is_asked_for_again(visitor: Visitor, chat: Chat) -> None:
    with visitor.client.session_transaction() as session:
        person = Person(session["person"], session["name"])
    chat.store.ask(*chat.people.releasing(person))
    visitor.get("/rooms/work")
    assert f"The chat no longer knows you as {person.name}" in html.unescape(visitor.html)
    assert f'value="{person.name}"' in visitor.html
    visitor.get("/")
    assert "no longer knows you" not in visitor.html


def test_a_name_that_was_put_out_is_said_so_and_not_offered_again(visitor: Visitor, chat: Chat) -> None:
    with visitor.client.session_transaction() as session:
        name = session["name"]
    chat.put_out(name)
    visitor.get("/rooms/work")
    assert f"{name} was put out of this chat by the people who run it." in html.unescape(visitor.html)
    assert f'value="{name}"' not in visitor.html
    chat.bans.lift(name)


def test_a_room_can_be_left(visitor: Visitor, room: str) -> None:
    visitor.get(f"/rooms/{room}")
    assert visitor.submit(f"/rooms/{room}/join") == 200
    assert visitor.submit(f"/rooms/{room}/leave") == 200
    assert visitor.path == "/rooms/work"
    assert f"You left {room}." in visitor.html
    # Said twice, it is done once.
    visitor.get(f"/rooms/{room}")
    assert visitor.submit(f"/rooms/{room}/leave") == 200
    visitor.get("/rooms/work")
    assert visitor.submit("/rooms/work/leave") == 400
    assert "everybody belongs to" in visitor.html


@pytest.mark.parametrize("path", ["", "/people", "?before=9", "?after=0"])
def test_a_link_makes_nobody_a_member(visitor: Visitor, room: str, chat: Chat, path: str) -> None:
    assert visitor.get(f"/rooms/{room}{path}") == 200
    person = own(visitor)
    assert chat.access.strangers(room, [person.id]) == [person.id]
    assert room not in chat.memberships.of(person)
    assert chat.presence.here(room).count == 0


def test_whoever_is_outside_reads_and_comes_in_by_a_button_or_a_first_message(
    visit: Visit, visitor: Visitor, room: str, chat: Chat
) -> None:
    visitor.get(f"/rooms/{room}")
    assert visitor.submit(f"/rooms/{room}/messages", msg="the first", id="first") == 200
    assert chat.access.strangers(room, [own(visitor).id]) == []
    assert "data-outside hidden" in visitor.html

    reader = visit().named(unique("Reader"))
    reader.get(f"/rooms/{room}")
    assert "the first" in reader.html
    assert "data-outside >" in reader.html
    assert "data-leave-room hidden" in reader.html
    assert reader.submit(f"/rooms/{room}/join") == 200
    assert "data-outside hidden" in reader.html
    assert 'data-read="1"' in reader.html


def test_a_first_message_that_is_refused_brings_nobody_in(visitor: Visitor, room: str, chat: Chat) -> None:
    visitor.get(f"/rooms/{room}")
    assert visitor.submit(f"/rooms/{room}/messages", msg="  ", id="id") == 400
    assert chat.access.strangers(room, [own(visitor).id]) == [own(visitor).id]
    for path in ("/rooms/nowhere/messages", "/rooms/nowhere/join"):
        visitor.get(f"/rooms/{room}")
        assert visitor.submit(path, msg="hello", id="id") == 404


WHAT_NO_ROOM_IS_CALLED = ["work:log", "work%00", "work%0A", "%0Awork", "x" * 10_000, "%ED%A0%80", "%20", "{0}", "*"]


@pytest.mark.parametrize("name", WHAT_NO_ROOM_IS_CALLED)
def test_what_no_room_can_be_called_is_not_found_on_any_page(visitor: Visitor, app: Flask, name: str) -> None:
    visitor.get("/rooms/work")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.html)
    assert token
    rules = [rule for rule in app.url_map.iter_rules() if "room" in rule.arguments]
    assert len(rules) >= 5
    for rule in rules:
        path = rule.rule.replace("<room>", name)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            form = {"csrf_token": token[1], "msg": "x", "id": "id"} if method == "POST" else None
            answer = visitor.client.open(path, method=method, data=form)
            assert answer.status_code == 404, (method, path)


@pytest.mark.parametrize("id", ["x\n", "\nx", "x" * 64 + "\n", "x" * 65, "x y"])
def test_a_message_under_an_id_that_is_none_is_refused(visitor: Visitor, id: str) -> None:
    visitor.get("/rooms/work")
    assert visitor.submit("/rooms/work/messages", msg="forged id", id=id) == 400
    visitor.get("/rooms/work")
    assert "forged id" not in visitor.html


@pytest.mark.parametrize("path", ["/rooms/work", "/rooms"])
def test_a_stranger_is_sent_to_the_door(visit: Visit, path: str) -> None:
    stranger = visit()
    stranger.get(path)
    assert stranger.path == "/"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), ("/rooms/nowhere", 404), ("/rooms/work?before=x", 400), ("/rooms/work/leave", 405)],
)
def test_what_is_wrong_is_a_page_of_the_chat(visitor: Visitor, path: str, status: int) -> None:
    assert visitor.get(path) == status
    assert "Back to the conversation" in visitor.html


def test_a_store_that_does_not_answer_is_a_page_that_says_so(tmp_path: Path) -> None:
    away = create_app(Config(redis_url="redis://127.0.0.1:1/0", secret_key=SECRET, instance=tmp_path))
    visitor = Visitor(away.test_client())
    assert visitor.get("/") == 503
    assert "Try again" in visitor.html
    assert visitor.headers["Retry-After"] == "1"
    assert visitor.get("/readyz") == 503
    assert visitor.get("/healthz") == 200


def test_every_page_loads_from_here_alone(visitor: Visitor) -> None:
    policy = visitor.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r'(?:src|href)="(https?:[^"]+)"', visitor.html) == []
    assert visitor.headers["X-Content-Type-Options"] == "nosniff"


def test_the_cookie_is_nobody_elses_and_secure_behind_tls(app: Flask) -> None:
    plain = app.test_client().get("/").headers["Set-Cookie"]
    assert "HttpOnly" in plain and "SameSite=Lax" in plain and "Secure" not in plain
    assert "Secure" in app.test_client().get("/", base_url="https://localhost").headers["Set-Cookie"]
