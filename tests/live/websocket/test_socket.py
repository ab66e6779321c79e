"""One WebSocket on a loop of the test's own: what the system's buffers hide from a real server."""

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import socketio
from engineio import packet

from chat.live.connections import Connection, Connections
from chat.live.websocket import fanout, frames
from chat.live.websocket.fanout import FanOut
from chat.live.websocket.socket import Socket
from chat.live.websocket.sockets import Sockets
from tests.support.websockets import TEXT, frame

# Bytes that may wait.
BACKLOG = 1024 * 1024


class ManualLoop:
    """Calls what is due when it is told to."""

    def __init__(self) -> None:
        self.watches: list[tuple[str, int, Callable[[int], None]]] = []
        self.due: list[Callable[[], None]] = []

    def readable(self, fd: int, call: Callable[[int], None]) -> Any:
        self.watches.append(("read", fd, call))
        return self.watches[-1]

    def writable(self, fd: int, call: Callable[[int], None]) -> Any:
        self.watches.append(("write", fd, call))
        return self.watches[-1]

    def ignore(self, watch: Any) -> None:
        self.watches.remove(watch)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.due.append(call)

    def spawn(self, call: Callable[[], None]) -> None:
        if call.__name__ != "_beat":
            self.due.append(call)

    def sleep(self, seconds: float) -> None:
        pass

    def turn(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()
        for event, fd, call in list(self.watches):
            reads, writes, _ = select.select([fd] * (event == "read"), [fd] * (event == "write"), [], 0)
            if reads or writes:
                call(fd)


class Pair:
    """A WebSocket with a small buffer, and the client's end of it."""

    def __init__(self) -> None:
        self.server = socketio.Server(async_mode="threading")
        self.ended: list[str] = []
        self.got: list[str] = []
        self.server.eio.on("message", lambda _, data: self.got.append(data))
        self.server.eio.on("disconnect", lambda _, reason: self.ended.append(reason))
        self.loop = ManualLoop()
        self.connections = Connections()
        self.sockets = Sockets(
            self.server,
            self.connections,
            self.loop,  # type: ignore[arg-type]
            limit=10,
            limit_of_network=10,
            max_backlog=BACKLOG,
            restart=print,
        )
        ours, self.client = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.setblocking(False)
        self.client.settimeout(2)
        self.socket = Socket(self.sockets, "sid", {"REMOTE_ADDR": "192.0.2.1"}, set())
        self.server.eio.sockets["sid"] = self.socket
        self.socket.start(ours, b"hello")
        assert self.client.recv(5) == b"hello"

    def turns(self, count: int = 10) -> None:
        for _ in range(count):
            self.loop.turn()

    def rest(self) -> bytes:
        """All that comes until the end."""
        came = b""
        while True:
            self.loop.turn()
            try:
                self.client.settimeout(0.05)
                said = self.client.recv(1000)
            except TimeoutError:
                continue
            if not said:
                return came
            came += said


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.client.close()
    made.socket.lost()


def text(number: int, size: int = 3000) -> str:
    return f"{number} ".ljust(size, "x")


def test_what_does_not_fit_is_written_in_order_when_there_is_room(pair: Pair) -> None:
    for number in range(100):
        pair.server.eio.send("sid", text(number))
    pair.loop.turn()
    assert [each[0] for each in pair.loop.watches] == ["read", "write"]
    pair.server.eio.send("sid", "last")
    pair.socket.end("over", code=frames.NORMAL)
    expected = b"".join(frames.frame(TEXT, b"4" + text(number).encode()) for number in range(100))
    assert pair.rest() == expected + frames.frame(TEXT, b"4last") + frames.closing(frames.NORMAL)
    pair.client.close()
    pair.turns()
    assert pair.loop.watches == []
    assert pair.ended == ["over"]
    assert "sid" not in pair.server.eio.sockets


def test_when_all_is_written_nothing_is_left_to_watch_for(pair: Pair) -> None:
    for number in range(10):
        pair.server.eio.send("sid", text(number))
    size = len(frames.frame(TEXT, b"4" + text(0).encode())) * 10
    while size:
        pair.loop.turn()
        size -= len(pair.client.recv(size))
    pair.loop.turn()
    assert [each[0] for each in pair.loop.watches] == ["read"]


def test_more_than_may_wait_ends_the_connection_once(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(BACKLOG // 3000 + 100):
        pair.socket.say(frames.frame(TEXT, text(number).encode()))
    pair.turns()
    assert pair.socket.closed
    assert pair.loop.watches == []
    assert pair.ended == ["transport error"]
    assert [record.message for record in caplog.records] == [
        f"closing a connection that does not read: more than {BACKLOG} bytes wait for it"
    ]


def test_who_hung_up_is_noticed_when_something_is_written(pair: Pair) -> None:
    pair.client.close()
    for number in range(10):
        pair.socket.send(packet.Packet(packet.MESSAGE, text(number)))
    pair.turns()
    assert pair.ended == ["transport close"]
    assert "sid" not in pair.server.eio.sockets


def in_room(pair: Pair) -> FanOut:
    connection = Connection("sio", pair.socket, "192.0.2.1")
    pair.connections.add(connection)
    pair.connections.enter(connection, "room")
    return pair.sockets.fan_out


def test_what_is_gathered_for_a_room_goes_out_in_one_write_after_what_waits(pair: Pair) -> None:
    fan_out = in_room(pair)
    pair.server.eio.send("sid", "answer")
    fan_out.emit("room", "one", "{}")
    fan_out.emit("elsewhere", "two", "{}")
    fan_out.emit("room", "three", "{}")
    fan_out.flush()
    pair.server.eio.send("sid", "another")
    pair.turns()
    said = pair.client.recv(1000)
    assert said == b"".join(
        frames.frame(TEXT, each) for each in (b"4answer", b'42["one",{}]', b'42["three",{}]', b"4another")
    )


def test_a_room_is_written_to_at_once_and_what_does_not_fit_later(pair: Pair) -> None:
    fan_out = in_room(pair)
    fan_out.emit("room", "small", "{}")
    fan_out.flush()
    assert pair.client.recv(1000) == frames.frame(TEXT, b'42["small",{}]')
    for number in range(100):
        fan_out.emit("room", "large", json.dumps(text(number)))
    fan_out.flush()
    assert [each[0] for each in pair.loop.watches] == ["read", "write"]
    fan_out.emit("room", "last", "{}")
    fan_out.flush()
    pair.socket.end("over", code=frames.NORMAL)
    said = pair.rest()
    assert [said.count(frames.frame(TEXT, b'42["large",%b]' % json.dumps(text(n)).encode())) for n in range(100)] == [
        1
    ] * 100
    assert said.index(b"98 x") < said.index(b"99 x") < said.index(b'["last"')


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_left_a_room_while_it_is_written_to_hears_nothing_more_of_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, *, comes_back: bool
) -> None:
    fan_out = in_room(pair)
    connection = pair.connections["sio"]
    others = [Connection(f"other {number}", SimpleNamespace(put=len), "192.0.2.1") for number in range(100)]
    pair.connections.in_room = lambda _: [*others, connection]  # type: ignore[method-assign]
    for other in others:
        other.rooms["room"] = 0

    def leave(_: float) -> None:
        """What happens when the others have a turn."""
        pair.connections.leave(connection, "room")
        if comes_back:
            pair.connections.enter(connection, "room")

    monkeypatch.setattr(fanout, "SLICE", -1.0)
    pair.loop.sleep = leave  # type: ignore[method-assign]
    fan_out.emit("room", "before", "{}")
    fan_out.flush()
    pair.socket.end("over", code=frames.NORMAL)
    assert (b"before" in pair.rest()) == comes_back


def test_a_client_that_sends_more_than_is_handled_is_held_back(pair: Pair) -> None:
    pair.client.sendall(b"".join(frame(TEXT, b"4%d" % number) for number in range(40)))
    # Nothing is handled yet: reading stops.
    watches = pair.loop.watches
    pair.loop.due.clear()
    for event, fd, call in list(watches):
        call(fd)
        assert event == "read"
    assert watches == []
    pair.turns(60)
    assert pair.got == [str(number) for number in range(40)]
    assert [each[0] for each in watches] == ["read"]


@pytest.mark.parametrize("said", [b"3", b"4message"])
def test_a_client_beyond_its_budget_is_read_again_when_it_is_paid(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pair.client.sendall(frame(TEXT, said) * 1000 + frame(TEXT, b"4last"))
    pair.loop.turn()
    assert pair.socket.paused()
    rounds = 0
    while pair.got[-1:] != ["last"]:
        now += 0.1
        rounds += 1
        pair.turns(100)
    # 400 at once, and 200 a second.
    assert 28 <= rounds <= 33


def asked(pair: Pair, answers: int) -> None:
    """Have the client ask: each question is answered with a good part of what may wait."""
    pair.server.eio.on("message", lambda _, data: (pair.got.append(data), pair.server.eio.send("sid", "x" * 200_000)))
    pair.client.sendall(b"".join(frame(TEXT, b"4%d" % number) for number in range(answers)))


@pytest.mark.parametrize("questions", [3, 40])
def test_who_asks_and_does_not_read_is_answered_no_further_until_they_do(pair: Pair, questions: int) -> None:
    asked(pair, questions)
    pair.turns(50)
    assert pair.got == ["0", "1"]
    # What waits is a few answers, and the client's questions wait with it: in the end TCP holds them back.
    assert BACKLOG // 4 < pair.socket._out_bytes < BACKLOG // 2
    assert pair.socket.paused() == (questions == 40)
    expected = sum(len(frames.frame(TEXT, b"4" + b"x" * 200_000)) for _ in range(questions))
    while expected:
        pair.turns()
        expected -= len(pair.client.recv(65536))
    pair.turns()
    assert pair.got == [str(number) for number in range(questions)]
    assert not pair.socket.closed
    assert [each[0] for each in pair.loop.watches] == ["read"]


def test_what_is_said_in_rooms_still_finds_room_while_a_reader_catches_up(pair: Pair) -> None:
    asked(pair, 40)
    pair.turns(50)
    for number in range(100):
        pair.socket.put(frames.frame(TEXT, text(number).encode()))
    assert not pair.socket.closed


@pytest.mark.parametrize("questions", [3, 40])
def test_who_reads_nothing_owes_a_sign_and_who_reads_slowly_gives_one(pair: Pair, questions: int) -> None:
    asked(pair, questions)
    pair.turns(50)
    pair.socket.ping(packet.Packet(packet.PING))
    pair.turns()
    assert pair.socket.silent()
    if questions == 40:
        # The answer to the ping may be among what the server does not read: that it reads is enough.
        pair.client.recv(65536)
        pair.turns()
        assert not pair.socket.silent()


def test_what_was_asked_is_forgotten_when_who_does_not_read_goes(pair: Pair) -> None:
    asked(pair, 40)
    pair.turns(50)
    pair.client.close()
    pair.turns(50)
    assert len(pair.ended) == 1
    assert "sid" not in pair.server.eio.sockets
    assert pair.loop.watches == []


def test_what_is_asked_before_an_end_is_handled_and_then_the_end(pair: Pair) -> None:
    pair.client.sendall(frame(TEXT, b"4one") + frame(TEXT, b"4two") + frame(TEXT, b"1") + frame(TEXT, b"4three"))
    pair.turns()
    assert pair.got == ["one", "two"]
    assert pair.ended == ["client disconnect"]
