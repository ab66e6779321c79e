"""What waits for one connection: who asks without reading has to read first."""

import queue
import socket
import threading
from types import SimpleNamespace

import pytest
import socketio
from engineio.packet import MESSAGE, Packet

from chat.live.stock import Stock, bounded

LIMIT = 1000


@pytest.fixture
def backlog() -> queue.Queue[Packet]:
    return bounded(queue.Queue, LIMIT)()


def put(backlog: queue.Queue[Packet], size: int) -> None:
    backlog.put(Packet(MESSAGE, "x" * size))


def test_it_is_low_while_a_quarter_waits_and_again_when_more_was_read(backlog: queue.Queue[Packet]) -> None:
    put(backlog, LIMIT // 4)
    assert backlog.is_low(0)
    put(backlog, 1)
    put(backlog, 300)
    assert not backlog.is_low(0)
    backlog.get()
    assert not backlog.is_low(0)
    backlog.get()
    backlog.get()
    assert backlog.is_low(0)


def test_who_waits_goes_on_when_it_is_read(backlog: queue.Queue[Packet]) -> None:
    put(backlog, 900)
    went_on: list[bool] = []
    waiting = threading.Thread(target=lambda: went_on.append(backlog.is_low(10)))
    waiting.start()
    assert waiting.is_alive()
    backlog.get()
    waiting.join(10)
    assert went_on == [True]


def test_more_than_the_limit_is_told_once_and_takes_no_more(backlog: queue.Queue[Packet]) -> None:
    told: list[int] = []
    backlog.overflow = lambda: told.append(backlog.size)
    for _ in range(5):
        put(backlog, 600)
    assert told == [1200]
    assert backlog.qsize() == 2


@pytest.mark.parametrize("waits", [LIMIT // 2, 2 * LIMIT], ids=["more than a client may leave unread", "too much"])
def test_who_does_not_read_is_cut_off_and_heard_no_more(waits: int) -> None:
    server = socketio.Server(async_mode="threading", ping_timeout=0)
    stock = Stock(server, LIMIT)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server.environ["ada"] = {"werkzeug.socket": ours}
        opened = server.eio.sockets["ada"] = SimpleNamespace(queue=server.eio.create_queue())
        stock.opened("ada")
        assert stock.has_read("ada")
        put(opened.queue, waits)
        assert not stock.has_read("ada")
        assert theirs.recv(1) == b""
        # Not even when it reads all the same.
        opened.queue.get()
        assert not stock.has_read("ada")
