"""What a client may not do to the others: who gets in, what is read, and how long one may stay nobody."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest
import websocket

from chat.domain import Chat
from chat.live import guards
from tests.conftest import Connect
from tests.support.clients import Client, PythonClient, unique
from tests.support.servers import Server
from tests.support.waiting import eventually

SOCKET = "/socket.io/?EIO=4&transport=websocket"


class Raw:
    """A WebSocket that says whatever it is told to."""

    def __init__(self, server: Server, **options: Any) -> None:
        self.socket = websocket.create_connection(
            server.url.replace("http", "ws") + SOCKET, timeout=5, suppress_origin="origin" not in options, **options
        )
        assert self.socket.recv().startswith("0{")

    def connected(self) -> "Raw":
        """Say CONNECT."""
        self.socket.send("40")
        assert self.socket.recv().startswith("40{")
        return self

    def seconds_until_closed(self, within: float) -> float:
        """How long the server keeps the connection."""
        began = time.monotonic()
        self.socket.settimeout(within)
        while True:
            try:
                said = self.socket.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError):
                return time.monotonic() - began
            # "1" is Engine.IO's CLOSE, on which a client closes.
            if said in ("", "1"):
                return time.monotonic() - began


@pytest.fixture
def raw(server: Server) -> Iterator[Callable[..., Raw]]:
    """Opens WebSockets that say whatever they are told to, and that are closed after the test."""
    opened: list[Raw] = []

    def make(to: Server = server, **options: Any) -> Raw:
        opened.append(Raw(to, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.socket.close()


def claiming(name: str) -> str:
    """The packet that says who one is."""
    return '420["setUsername",{"user":"' + name + '"}]'


@pytest.mark.parametrize("events", [400, 5000])
def test_a_burst_leaves_the_workers_hearing_each_other(
    connect: Connect, server: Server, chat: Chat, room: str, events: int
) -> None:
    """More events at once than redis-py's pool takes by itself (100), from many connections."""
    here = connect(unique("Here"))
    there = connect(unique("There"), not_on=server.worker_of(here.port()))
    for client in (here, there):
        client.ok("join", {"room": room})
    crowd = [connect(unique("Burst")) for _ in range(20)]
    for client in crowd:
        founder = chat.people.find(client.user["id"])
        assert founder is not None
        # A room each: what they say goes to every worker, and there to nobody.
        client.ok("join", {"room": chat.rooms.create(f"of {client.user['name']}", "", founder).id})
    for number in range(events // len(crowd)):
        for client in crowd:
            assert isinstance(client, PythonClient)
            client._io.emit(
                "typing", {"room": f"of {client.user['name']}".lower().replace(" ", "-"), "on": number % 2 == 0}
            )
    for client in crowd:
        # Answered after everything that the client sent before.
        client.ok("typing", {"room": "work", "on": False})
    for listener, talker in ((here, there), (there, here)):
        talker.ok("typing", {"room": room, "on": True})
        listener.wait("typing", user=talker.user, on=True, within=20)


@pytest.mark.parametrize(
    "packet",
    [
        '42["sendMessage",{"msg":NaN}]',
        '42["sendMessage",{"msg":Infinity}]',
        '42["sendMessage",{"msg":1e999}]',
        '42["sendMessage",{"msg":"\\ud800"}]',
        '42["sendMessage",' + "[" * 40 + "]" * 40 + "]",
        "42" + "[" * 100_000,
        "42{}",
        "42",
        "4x",
        '451-["sendMessage",{"_placeholder":true,"num":0}]',
    ],
)
def test_a_packet_that_cannot_be_meant_ends_the_connection_alone(
    raw: Callable[..., Raw], server: Server, ada: Client, packet: str
) -> None:
    client = raw().connected()
    client.socket.send(packet)
    assert client.seconds_until_closed(within=5) < 2
    ada.say("and the others talk on")


@pytest.mark.parametrize("event", ["connect", "disconnect"])
def test_reserved_names_do_not_run_the_life_cycle(raw: Callable[..., Raw], server: Server, event: str) -> None:
    client = raw().connected()
    client.socket.send(f'420["{event}",{{}}]')
    assert '"unknown_event"' in client.socket.recv()


@pytest.mark.parametrize("says_connect", [False, True], ids=["silent", "nameless"])
def test_who_does_not_say_who_it_is_is_closed(raw: Callable[..., Raw], server: Server, says_connect: bool) -> None:
    client = raw()
    if says_connect:
        client.connected()
    assert guards.IDENTIFY_WITHIN - 1 <= client.seconds_until_closed(within=25) <= guards.IDENTIFY_WITHIN + 3


def test_who_takes_back_who_it_is_is_closed(raw: Callable[..., Raw], server: Server) -> None:
    client = raw().connected()
    client.socket.send(claiming(unique("Brief")))
    eventually(lambda: client.socket.recv().startswith("430"))
    client.socket.send("41")
    assert client.seconds_until_closed(within=25) <= guards.IDENTIFY_WITHIN + 3


@pytest.mark.parametrize("transport", ["polling", "jsonp"])
def test_there_is_no_transport_but_websocket(server: Server, transport: str) -> None:
    more = "&j=0" if transport == "jsonp" else ""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        path = f"/socket.io/?EIO=4&transport=polling{more}"
        connection.request("GET", path, headers={"Origin": "https://evil.example"})
        assert connection.getresponse().status == 400


def test_a_browser_may_connect_from_the_chats_own_page_alone(raw: Callable[..., Raw], server: Server) -> None:
    raw(origin=server.url).connected()
    for origin in ("https://evil.example", f"https://127.0.0.1:{server.port}", "null"):
        with pytest.raises(websocket.WebSocketBadStatusException):
            raw(origin=origin)


def test_another_origin_may_connect_where_it_is_allowed(raw: Callable[..., Raw], new_server) -> None:
    server = new_server(CHAT_ALLOWED_ORIGINS="https://intranet.example")
    raw(server, origin="https://intranet.example").connected()
    with pytest.raises(websocket.WebSocketBadStatusException):
        raw(server, origin="https://evil.example")


def test_an_untrusted_forwarded_host_opens_nothing(raw: Callable[..., Raw], server: Server) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    with pytest.raises(websocket.WebSocketBadStatusException):
        raw(origin="https://evil.example", header=headers)


def test_a_trusted_proxy_tells_socket_handlers_where_a_client_is(raw: Callable[..., Raw], new_server) -> None:
    """What fails is slowed for each address: two addresses behind one proxy do not share it, two of an IPv6 /64 do."""
    # One worker, as each counts what failed for itself.
    server = new_server(CHAT_TRUSTED_PROXIES="1", CHAT_RATE_LIMIT="on", WEB_CONCURRENCY="1")

    def claim(address: str, times: int) -> str:
        client = raw(server, header={"X-Forwarded-For": address}).connected()
        for _ in range(times):
            client.socket.send(claiming("admin"))
            while not (said := client.socket.recv()).startswith("430"):
                pass
        client.socket.close()
        return said

    for number in range(20):
        claim(f"[2001:db8::{number}]:{5000 + number}", 9)
    assert "too_fast" in claim("2001:db8::cafe", 1)
    assert "name_reserved" in claim("2001:db8:0:1::1", 1)
    assert "name_reserved" in claim("192.0.2.2", 1)


def test_no_offer_of_compression_is_taken(raw: Callable[..., Raw], server: Server) -> None:
    client = raw(header={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert "sec-websocket-extensions" not in client.socket.headers


def test_a_websocket_without_a_key_is_refused(server: Server) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": server.url}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        connection.request("GET", SOCKET, headers=headers)
        assert connection.getresponse().status == 400


def test_a_reader_that_does_not_read_is_cut_off_and_the_others_read_on(
    raw: Callable[..., Raw], server: Server, ada: Client, ben: Client, room: str
) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    deaf = raw(sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]).connected()
    deaf.socket.send(claiming(unique("Deaf")))
    deaf.socket.send('421["join",{"room":"' + room + '"}]')
    eventually(lambda: deaf.socket.recv().startswith("431"))
    port = deaf.socket.sock.getsockname()[1]

    def connected() -> bool:
        found = [each for pid in server.worker_pids() for each in psutil.Process(pid).net_connections(kind="tcp")]
        return any(each.raddr and each.raddr.port == port for each in found)

    assert connected()
    sent = 0
    while connected():
        # The buffers of the system take some megabytes first.
        assert sent < 2000, "never cut off"
        for _ in range(50):
            ada.say("x" * 10_000, room=room)
        sent += 50
    eventually(lambda: len(ben.texts(room)) == sent)
    assert "closing a connection that does not read" in server.log
