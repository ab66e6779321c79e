"""Live connections: who is where; no network and no person takes all places; a stranger hears and holds little."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chat import create_app
from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.live import announce
from chat.live.connections import (
    EVERYONE,
    PER_PERSON,
    Connection,
    Connections,
    address_of_person,
    address_of_room,
)
from chat.live.websocket.socket import STRANGERS
from chat.store.connection import Store
from chat.web.sessions.cookies import SessionInterface
from tests.conftest import Connect
from tests.live.conftest import Open
from tests.support.clients import Client, unique
from tests.support.servers import Server
from tests.support.waiting import eventually
from tests.support.websockets import TEXT, PlainSocket, event, frame

# Who is where


def joined(there: Connections, sid: str, person: Person | None, *rooms: str) -> Connection:
    """A connection that joined these rooms."""
    connection = Connection(sid, None, "192.0.2.1", person)
    there.add(connection)
    for room in rooms:
        there.enter(connection, room)
    return connection


def test_an_address_leads_to_the_connections_that_are_there() -> None:
    there = Connections()
    ada, ben = Person("a", "Ada"), Person("b", "Ben")
    first, second = joined(there, "1", ada, "work", "attic"), joined(there, "2", ada, "work")
    third, stranger = joined(there, "3", ben, "work"), joined(there, "4", None)
    addresses = [EVERYONE, address_of_room("work"), address_of_room("attic"), address_of_person("a"), "4", "nobody"]

    def found() -> list[set[Connection]]:
        return [set(there.at(address)) for address in addresses]

    assert found() == [{first, second, third}, {first, second, third}, {first}, {first, second}, {stranger}, set()]
    there.leave(first, "attic")
    there.remove("2")
    there.remove("4")
    assert found() == [{first, third}, {first, third}, set(), {first}, set(), set()]


def test_who_ended_while_joining_is_in_no_room() -> None:
    there = Connections()
    ended = joined(there, "1", Person("a", "Ada"))
    there.remove("1")
    there.enter(ended, "work")
    assert there.at(address_of_room("work")) == there.rooms() == []


# By network


@pytest.mark.parametrize(
    "neighbours",
    [["192.0.2.1", "192.0.2.1:5021"], ["2001:db8::1", "2001:db8::ffff:1", "[2001:db8::2]:99"]],
    ids=["an address", "a network of IPv6"],
)
def test_a_network_has_its_share_of_places(
    plain: Open, new_server: Callable[..., Server], neighbours: list[str]
) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS_PER_ADDRESS="3")
    there = [plain(server, X_Forwarded_For=neighbours[number % len(neighbours)]) for number in range(3)]
    assert [each.status for each in there] == [101] * 3
    for neighbour in neighbours:
        refused = plain(server, X_Forwarded_For=neighbour)
        assert refused.status == 503
        assert "retry-after: 10" in refused.head.lower()
        assert "Your network has as many live connections as one may have." in refused.body()
    assert plain(server, X_Forwarded_For="192.0.2.77").status == 101
    there[0].socket.close()
    eventually(lambda: plain(server, X_Forwarded_For=neighbours[0]).status == 101)


def test_no_network_has_more_than_half_of_the_places(plain: Open, new_server: Callable[..., Server]) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS="6")
    statuses = [plain(server, X_Forwarded_For="192.0.2.1").status for _ in range(5)]
    assert statuses == [101, 101, 101, 503, 503]
    assert plain(server, X_Forwarded_For="192.0.2.2").status == 101


def test_ones_own_machine_has_all_places(plain: Open, new_server: Callable[..., Server]) -> None:
    server = new_server(WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS="6", CHAT_MAX_CONNECTIONS_PER_ADDRESS="1")
    assert [plain(server).status for _ in range(7)] == [101] * 6 + [503]


# By person


@pytest.fixture
def lone_worker(new_server: Callable[..., Server]) -> Server:
    """The chat with one worker."""
    return new_server(WEB_CONCURRENCY="1")


def again(to: PlainSocket, user: str, token: str) -> dict[str, Any]:
    """Say who one is by a token, and return the answer."""
    to.send(frame(TEXT, b"40"))
    to.until("40{")
    to.send(event("setUsername", {"user": user, "token": token}, id=0))
    answer: dict[str, Any] = json.loads(to.until("430[")[3:])[0]
    return answer


def test_a_person_has_so_many_places_and_no_more(plain: Open, lone_worker: Server, connect_to: Connect) -> None:
    ada = connect_to(lone_worker, unique("Ada"))
    for _ in range(PER_PERSON - 1):
        assert again(plain(lone_worker), ada.user["name"], ada.token)["ok"]
    refused = again(plain(lone_worker), ada.user["name"], ada.token)
    assert refused["error"]["code"] == "too_many_connections"
    assert refused["error"]["retry_after"] > 0
    ada.say("and nobody was closed for it")
    connect_to(lone_worker, unique("Ben")).say("and others come in")
    ada.close()
    eventually(lambda: again(plain(lone_worker), ada.user["name"], ada.token)["ok"])


def test_a_browser_beyond_its_places_is_told_when_to_come_back(
    plain: Open, lone_worker: Server, connect_to: Connect, chat: Chat, config: Config
) -> None:
    ada = connect_to(lone_worker, unique("Ada"))
    for _ in range(PER_PERSON - 1):
        assert again(plain(lone_worker), ada.user["name"], ada.token)["ok"]
    person = Person(ada.user["id"], ada.user["name"])
    browser = plain(lone_worker, Cookie=SessionInterface().header(create_app(config), person))
    browser.send(frame(TEXT, b"40"))
    refused = json.loads(browser.until("44")[2:])
    assert refused["data"]["code"] == "too_many_connections"
    assert refused["message"] == refused["data"]["message"]


def test_the_place_of_a_tab_that_died_without_a_word_is_free(
    plain: Open, lone_worker: Server, connect_to: Connect
) -> None:
    """It is silent when it owes an answer to a ping, long before it is given up."""
    ada = connect_to(lone_worker, unique("Ada"))
    dead = [plain(lone_worker) for _ in range(PER_PERSON - 1)]
    for each in dead:
        assert again(each, ada.user["name"], ada.token)["ok"]
    # Pinged, none of them answers.
    dead[0].socket.settimeout(25)
    while dead[0].read() != (TEXT, b"2"):
        pass
    assert again(plain(lone_worker), ada.user["name"], ada.token)["ok"]
    ada.say("and who answers stays")


# Strangers


def test_who_did_not_say_who_it_is_hears_nothing(
    plain: Open, server: Server, connect: Connect, chat: Chat, config: Config, store: Store
) -> None:
    """On both workers, of what everybody hears: rooms that are made, and announcements."""
    strangers: dict[int, PlainSocket] = {}
    while len(strangers) < 2:
        stranger = plain()
        stranger.send(frame(TEXT, b"40"))
        stranger.until("40{")
        strangers[server.worker_of(stranger.port)] = stranger
    named = connect(unique("Ada"))
    founder = chat.people.find(named.user["id"])
    assert founder
    made = chat.rooms.create(unique("room"), "", founder).id
    named.wait("room", name=made)
    announce(store, config, said := unique("The kettle is on"))
    named.wait("announcement", text=said)
    for stranger in strangers.values():
        # Answered after all that was said before.
        stranger.send(event("ping", {}, id=7))
        assert stranger.until("4") == '437[{"ok":true}]'


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_stranger_may_not_say_much(plain: Open, ada: Client, pieces: int) -> None:
    stranger = plain()
    stranger.send(frame(TEXT, b"40"))
    stranger.until("40{")
    payload = b"42" + json.dumps(["ping", {"x": "a" * STRANGERS}]).encode()
    size = len(payload) // pieces + 1
    for number in range(pieces):
        piece = payload[number * size : (number + 1) * size]
        stranger.send(frame(TEXT if not number else 0, piece, fin=number == pieces - 1))
    assert stranger.closed(within=5) == 1009
    ada.say("and the others talk on")


def test_who_has_a_name_may_say_as_much_as_ever(plain: Open) -> None:
    named = plain().named(unique("Ada"))
    named.send(event("sendMessage", {"msg": "é" * 10_000}, id=5))
    assert '"ok":true' in named.until("435[")


def test_what_a_stranger_may_say_is_enough_to_come_in(plain: Open) -> None:
    stranger = plain()
    stranger.send(frame(TEXT, b"40"))
    stranger.until("40{")
    stranger.send(event("ping", {"x": "a" * (STRANGERS - 100)}, id=3))
    assert stranger.until("433[")
