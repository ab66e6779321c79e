"""Pages for who reads slowly, not at all, or without end: nobody is left behind, and nobody else pays for it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from chat.domain import Chat
from chat.domain.limits.budget import BURST, PER_SECOND
from tests.conftest import Connect
from tests.support.clients import unique
from tests.support.servers import Server
from tests.support.waiting import eventually
from tests.support.websockets import PlainSocket, event

# Entries that are as long as may be: 40 KB each.
LONG = 200
MIB = 1024 * 1024
BACKLOG = MIB


@pytest.fixture(scope="module")
def long_room(chat: Chat) -> str:
    """A room whose every entry is as long as may be."""
    writer = chat.people.claim(unique("Writer"), "127.0.0.1")
    room = chat.rooms.create(unique("long"), "", writer).id
    chat.visits.enter(writer, room)
    for number in range(LONG):
        chat.messages.post(writer, room, "🎈" * 9_999 + "x", f"{number}")
    return room


@pytest.fixture
def plain_to() -> Iterator[Callable[..., PlainSocket]]:
    """Opens connections of plain bytes, named and in a room, that are closed after the test."""
    opened: list[PlainSocket] = []

    def make(server: Server, room: str, name: str = "") -> PlainSocket:
        opened.append(PlainSocket(server, receive_buffer=65_536).named(name or unique("Reader")))
        opened[-1].send(event("join", {"room": room, "limit": 0}, id=1))
        opened[-1].until("431[")
        return opened[-1]

    yield make
    for each in opened:
        each.socket.close()


def asks(room: str, after: int, id: int) -> bytes:
    """The question for a page of a room."""
    return event("history", {"room": room, "after": after, "limit": 200}, id=id)


def test_an_honest_reader_on_a_slow_line_catches_up_while_people_talk(
    server: Server, connect: Connect, chat: Chat, room: str, plain_to: Callable[..., PlainSocket]
) -> None:
    author = chat.people.claim(unique("Author"), "127.0.0.1")
    chat.visits.enter(author, room)
    for number in range(LONG):
        chat.messages.post(author, room, "🎈" * 9_999 + "x", f"{number}")
    writer = connect(unique("Writer"))
    writer.ok("join", {"room": room, "limit": 0})
    reader = plain_to(server, room)
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.3):
            writer.say("meanwhile", room=room)

    talking = threading.Thread(target=talk)
    talking.start()
    seqs: list[int] = []
    live: list[int] = []
    epoch = chat.rooms.find(room).epoch
    try:
        reader.send(event("join", {"room": room, "after": {"epoch": epoch, "seq": 0}, "limit": 200}, id=2))
        complete = False
        while not complete:
            said = _slowly(reader)[1].decode()
            if said.startswith('42["message"'):
                live.append(json.loads(said[2:])[1]["seq"])
            elif said.startswith("432["):
                (page,) = json.loads(said[3:])
                assert page["ok"]
                seqs += [entry["seq"] for entry in page["entries"]]
                complete = page["complete"]
                if not complete:
                    reader.send(asks(room, seqs[-1], 2))
    finally:
        over.set()
        talking.join(10)
    assert seqs[:LONG] == list(range(1, LONG + 1))
    assert live
    assert sorted({*seqs, *live}) == list(range(1, max(*seqs, *live) + 1))


def _slowly(reader: PlainSocket) -> tuple[int, bytes]:
    """The next frame, over a line of about 4 MB a second."""
    receive = reader.socket.recv

    class SlowLine:
        def recv(self, most: int) -> bytes:
            time.sleep(0.008)
            return receive(min(most, 32_768))

    whole, reader.socket = reader.socket, SlowLine()  # type: ignore[assignment]
    try:
        return reader.read()
    finally:
        reader.socket = whole


def test_who_asks_and_does_not_read_costs_no_more_than_may_wait_for_them(
    new_server: Callable[..., Server], connect_to: Connect, long_room: str, plain_to: Callable[..., PlainSocket]
) -> None:
    server = new_server(WEB_CONCURRENCY="1")
    askers = [plain_to(server, long_room) for _ in range(20)]
    bystander = connect_to(server, unique("Bystander"))
    (pid,) = server.worker_pids()
    before = psutil.Process(pid).memory_info().rss
    for asker in askers:
        asker.send(b"".join(asks(long_room, 0, id) for id in range(100, 140)))
    for asker in askers:
        # The first answer is on its way.
        asker.socket.recv(1, socket.MSG_PEEK)
    for _ in range(50):
        bystander.ok("join", {"room": long_room, "limit": 0})
    grown = psutil.Process(pid).memory_info().rss - before
    assert grown < len(askers) * 1.25 * BACKLOG
    # They are not cut off for having asked.
    for asker in askers:
        asker.until("43")


def test_a_person_who_reads_without_end_is_paced_and_told_when_to_go_on(
    new_server: Callable[..., Server], connect_to: Connect, long_room: str, plain_to: Callable[..., PlainSocket]
) -> None:
    server = new_server(CHAT_RATE_LIMIT="on", WEB_CONCURRENCY="1")
    hog = plain_to(server, long_room)
    began = time.monotonic()
    came, refused = 0, 0
    for id in range(10, 210):
        hog.send(asks(long_room, id % 100, id))
        said = hog.until(f"43{id}[")
        (answer,) = json.loads(said[2 + len(str(id)) :])
        if answer["ok"]:
            came += len(said.encode())
        else:
            refused += 1
            assert answer["error"]["code"] == "too_fast"
            assert 0 < answer["error"]["retry_after"] < 1
    most = PER_SECOND * (BURST + time.monotonic() - began)
    assert most * 0.5 < came < most + 2 * MIB
    assert refused
    # Whoever else is there reads on, and the hog too, in time.
    connect_to(server, unique("Bystander")).ok("join", {"room": long_room, "limit": 200})
    hog.send(event("join", {"room": long_room, "limit": 0}, id=1))
    assert '"ok":true' in hog.until("431[")

    def again() -> bool:
        hog.send(asks(long_room, 0, 2))
        return '"ok":true' in hog.until("432[")

    eventually(again)
