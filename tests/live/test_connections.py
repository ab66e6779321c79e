"""Places for live connections: no network and no person takes all; a stranger hears nothing, and holds little."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat import create_app
from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.live import announce
from chat.live.connections import PER_PERSON
from chat.live.websocket.socket import STRANGERS
from chat.store.connection import Store
from chat.web.sessions.cookies import SessionInterface
from tests.conftest import Connect
from tests.support.clients import Client, unique
from tests.support.servers import Server
from tests.support.waiting import eventually
from tests.support.websockets import TEXT, Wire, event, frame

Open = Callable[..., Wire]


@pytest.fixture
def wire(server: Server) -> Iterator[Open]:
    """Opens connections made of plain bytes, that are closed after the test."""
    opened: list[Wire] = []

    def make(to: Server = server, **options: Any) -> Wire:
        opened.append(Wire(to, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.socket.close()


# By network


@pytest.mark.parametrize(
    "neighbours",
    [["192.0.2.1", "192.0.2.1:5021"], ["2001:db8::1", "2001:db8::ffff:1", "[2001:db8::2]:99"]],
    ids=["an address", "a network of IPv6"],
)
def test_a_network_has_its_share_of_places(
    wire: Open, new_server: Callable[..., Server], neighbours: list[str]
) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS_PER_ADDRESS="3")
    there = [wire(server, X_Forwarded_For=neighbours[number % len(neighbours)]) for number in range(3)]
    assert [each.status for each in there] == [101] * 3
    for neighbour in neighbours:
        refused = wire(server, X_Forwarded_For=neighbour)
        assert refused.status == 503
        assert "retry-after: 10" in refused.head.lower()
        assert "Your network has as many live connections as one may have." in refused.body()
    assert wire(server, X_Forwarded_For="192.0.2.77").status == 101
    there[0].socket.close()
    eventually(lambda: wire(server, X_Forwarded_For=neighbours[0]).status == 101)


def test_no_network_has_more_than_half_of_the_places(wire: Open, new_server: Callable[..., Server]) -> None:
    server = new_server(CHAT_TRUSTED_PROXIES="1", WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS="6")
    statuses = [wire(server, X_Forwarded_For="192.0.2.1").status for _ in range(5)]
    assert statuses == [101, 101, 101, 503, 503]
    assert wire(server, X_Forwarded_For="192.0.2.2").status == 101


def test_ones_own_machine_has_all_places(wire: Open, new_server: Callable[..., Server]) -> None:
    server = new_server(WEB_CONCURRENCY="1", CHAT_MAX_CONNECTIONS="6", CHAT_MAX_CONNECTIONS_PER_ADDRESS="1")
    assert [wire(server).status for _ in range(7)] == [101] * 6 + [503]


# By person


@pytest.fixture
def lone_worker(new_server: Callable[..., Server]) -> Server:
    """The chat with one worker."""
    return new_server(WEB_CONCURRENCY="1")


def again(to: Wire, user: str, token: str) -> dict[str, Any]:
    """Say who one is by a token, and return the answer."""
    to.send(frame(TEXT, b"40"))
    to.until("40{")
    to.send(event("setUsername", {"user": user, "token": token}, id=0))
    answer: dict[str, Any] = json.loads(to.until("430[")[3:])[0]
    return answer


def test_a_person_has_so_many_places_and_no_more(wire: Open, lone_worker: Server, connect_to: Connect) -> None:
    ada = connect_to(lone_worker, unique("Ada"))
    for _ in range(PER_PERSON - 1):
        assert again(wire(lone_worker), ada.user["name"], ada.token)["ok"]
    refused = again(wire(lone_worker), ada.user["name"], ada.token)
    assert refused["error"]["code"] == "too_many_connections"
    assert refused["error"]["retry_after"] > 0
    ada.say("and nobody was closed for it")
    connect_to(lone_worker, unique("Ben")).say("and others come in")
    ada.close()
    eventually(lambda: again(wire(lone_worker), ada.user["name"], ada.token)["ok"])


def test_a_browser_beyond_its_places_is_told_when_to_come_back(
    wire: Open, lone_worker: Server, connect_to: Connect, chat: Chat, config: Config
) -> None:
    ada = connect_to(lone_worker, unique("Ada"))
    for _ in range(PER_PERSON - 1):
        assert again(wire(lone_worker), ada.user["name"], ada.token)["ok"]
    person = Person(ada.user["id"], ada.user["name"])
    browser = wire(lone_worker, Cookie=SessionInterface().header(create_app(config), person))
    browser.send(frame(TEXT, b"40"))
    refused = json.loads(browser.until("44")[2:])
    assert refused["data"]["code"] == "too_many_connections"
    assert refused["message"] == refused["data"]["message"]


def test_the_place_of_a_tab_that_died_without_a_word_is_free(
    wire: Open, lone_worker: Server, connect_to: Connect
) -> None:
    """It is silent when it owes an answer to a ping, long before it is given up."""
    ada = connect_to(lone_worker, unique("Ada"))
    dead = [wire(lone_worker) for _ in range(PER_PERSON - 1)]
    for each in dead:
        assert again(each, ada.user["name"], ada.token)["ok"]
    # Pinged, none of them answers.
    dead[0].socket.settimeout(25)
    while dead[0].read() != (TEXT, b"2"):
        pass
    assert again(wire(lone_worker), ada.user["name"], ada.token)["ok"]
    ada.say("and who answers stays")


# Strangers


def test_who_did_not_say_who_it_is_hears_nothing(
    wire: Open, server: Server, connect: Connect, chat: Chat, config: Config, store: Store
) -> None:
    """On both workers, of what everybody hears: rooms that are made, and announcements."""
    strangers: dict[int, Wire] = {}
    while len(strangers) < 2:
        stranger = wire()
        stranger.send(frame(TEXT, b"40"))
        stranger.until("40{")
        strangers[server.worker_of(stranger.port)] = stranger
    named = connect(unique("Ada"))
    founder = chat.people.find(named.user["id"])
    assert founder
    made = chat.rooms.create(unique("room"), "", founder).name
    named.wait("room", name=made)
    announce(store, config, said := unique("The kettle is on"))
    named.wait("announcement", text=said)
    for stranger in strangers.values():
        # Answered after all that was said before.
        stranger.send(event("ping", {}, id=7))
        assert stranger.until("4") == '437[{"ok":true}]'


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_stranger_may_not_say_much(wire: Open, ada: Client, pieces: int) -> None:
    stranger = wire()
    stranger.send(frame(TEXT, b"40"))
    stranger.until("40{")
    payload = b"42" + json.dumps(["ping", {"x": "a" * STRANGERS}]).encode()
    size = len(payload) // pieces + 1
    for number in range(pieces):
        piece = payload[number * size : (number + 1) * size]
        stranger.send(frame(TEXT if not number else 0, piece, fin=number == pieces - 1))
    assert stranger.closed(within=5) == 1009
    ada.say("and the others talk on")


def test_who_has_a_name_may_say_as_much_as_ever(wire: Open) -> None:
    named = wire().named(unique("Ada"))
    named.send(event("sendMessage", {"msg": "é" * 10_000}, id=5))
    assert '"ok":true' in named.until("435[")


def test_what_a_stranger_may_say_is_enough_to_come_in(wire: Open) -> None:
    stranger = wire()
    stranger.send(frame(TEXT, b"40"))
    stranger.until("40{")
    stranger.send(event("ping", {"x": "a" * (STRANGERS - 100)}, id=3))
    assert stranger.until("433[")
