"""The load client counts what arrives, and sees what does not."""

import socket
import sys
import time
from collections.abc import Iterator

import pytest

from bench import wire
from bench.load import Load
from bench.loop import Connection, LoadError
from bench.steps import percentile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the load uses epoll")
TEXT = b'42["message",{"type":"message","seq":%d,"text":"@12.345678@ %b"}]'


def framed(text: bytes) -> bytes:
    """A server's frame, whose text is longer than 125 bytes."""
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text


def delivery(seq: int) -> bytes:
    return framed(TEXT % (seq, b"w" * 120))


def unmasked(data: bytes) -> bytes:
    """Frames of a client's, whose masks are zero, as a server would send them."""
    frames = b""
    while data:
        size = int.from_bytes(data[2:4], "big")
        frames += data[:1] + b"\x7e" + data[2:4] + data[8 : 8 + size]
        data = data[8 + size :]
    return frames


class Hand:
    """A server by hand, in the same thread as the load."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.load = Load("node", self.listener.getsockname()[1])

    def enter(self, role: str, opening: bytes = b"0{") -> tuple[Connection, socket.socket]:
        """Let a client in, with this packet of Engine.IO first."""
        connection = self.load.open("work", role)
        server, _ = self.listener.accept()
        opened = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81" + bytes((len(opening),)) + opening
        for said in (opened, b"\x81\x0240", b'\x81\x10430[{"ok":true}]'):
            self.turn()
            server.recv(4096)
            server.sendall(said)
        self.turn()
        assert connection.joined
        return connection, server

    def turn(self) -> None:
        """Have the load take what there is."""
        self.load.turn(1)


@pytest.fixture
def hand() -> Iterator[Hand]:
    made = Hand()
    yield made
    made.load.close()
    made.listener.close()


@pytest.mark.parametrize("size", [1, 2, 5, 12, 13, 14, 150, 1000])
def test_every_delivery_is_counted_once_however_reads_cut_it(hand: Hand, size: int) -> None:
    _, server = hand.enter("listener")
    stream = b"".join(delivery(seq) for seq in range(1, 11))
    for start in range(0, len(stream), size):
        server.sendall(stream[start : start + size])
        hand.turn()
    assert hand.load.deliveries == 10
    server.close()


def test_what_came_with_the_answer_to_join_is_counted(hand: Hand) -> None:
    connection = hand.load.open("work", "listener")
    server, _ = hand.listener.accept()
    hand.turn()
    stream = b'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x020{\x81\x0240\x81\x10430[{"ok":true}]'
    server.sendall(stream + delivery(1) + delivery(2)[:20])
    hand.turn()
    server.sendall(delivery(2)[20:])
    hand.turn()
    assert connection.counts
    assert hand.load.deliveries == 2
    server.close()


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_ping_is_answered_once_while_counting(hand: Hand, cut: int) -> None:
    _, server = hand.enter("listener")
    ping = delivery(1) + wire.PING
    server.sendall(ping[: len(ping) - cut])
    hand.turn()
    server.sendall(ping[len(ping) - cut :] + delivery(2))
    hand.turn()
    assert server.recv(4096) == wire.PONG
    assert hand.load.deliveries == 2
    server.close()


def test_each_ping_is_answered_also_one_that_comes_early(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, server = hand.enter("listener", opening=b'0{"pingInterval":20000}')
    assert connection.interval == 20
    began = time.monotonic()
    for passed in (3, 23, 33):
        monkeypatch.setattr(time, "monotonic", lambda passed=passed: began + passed)
        server.sendall(delivery(passed) + wire.PING)
        hand.turn()
        assert server.recv(4096) == wire.PONG
    assert hand.load.deliveries == 3
    server.close()


@pytest.mark.parametrize(("seqs", "holes"), [((1, 2, 3), 0), ((1, 3), 1), ((1, 1, 2), 1), ((7, 8), 0)])
def test_the_sample_sees_holes_and_repeats(hand: Hand, seqs: tuple[int, ...], holes: int) -> None:
    _, server = hand.enter("sample")
    for seq in seqs:
        server.sendall(delivery(seq))
        hand.turn()
    assert hand.load.step.holes == holes
    assert len(hand.load.step.latencies) == len(seqs)
    server.close()


def test_a_sender_with_a_full_window_waits_for_its_answers(hand: Hand) -> None:
    sender, server = hand.enter("sender")
    step = hand.load.run(1_000, 0.2, [sender], settle=0, window=3)
    assert (step.sent, step.expected, len(sender.due)) == (3, 3, 3)
    texts, _ = wire.split(unmasked(server.recv(65_536)))
    numbers = [text[2 : text.index(b"[")] for text in texts]
    server.sendall(b"".join(framed(b"43" + number + b'[{"ok":true}]' + b" " * 120) for number in numbers))
    hand.turn()
    assert len(step.answers) == 3
    assert not sender.due
    server.close()


def test_without_a_window_all_is_sent_whatever_is_answered(hand: Hand) -> None:
    sender, server = hand.enter("sender")
    assert hand.load.run(1_000, 0.2, [sender], settle=0).sent == 200
    server.close()


def test_who_has_a_cookie_comes_as_a_browser_does(hand: Hand) -> None:
    hand.load.open("work", "listener", cookie="chat=signed")
    server, _ = hand.listener.accept()
    hand.turn()
    request = server.recv(4096)
    host = b"127.0.0.1:%d" % hand.load.port
    assert b"Host: %b\r\n" % host in request
    assert b"Origin: http://%b\r\nCookie: chat=signed\r\n" % host in request
    server.close()


def test_a_connection_that_ends_is_lost(hand: Hand) -> None:
    _, server = hand.enter("listener")
    server.close()
    hand.turn()
    assert hand.load.lost == 1


def test_a_refusal_says_what_the_server_said(hand: Hand) -> None:
    hand.load.open("work", "listener")
    server, _ = hand.listener.accept()
    hand.turn()
    server.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    with pytest.raises(LoadError, match="503"):
        hand.turn()
    server.close()


def test_frames_are_read_whatever_their_length() -> None:
    for size in (0, 1, 125, 126, 65_535, 65_536):
        text = b"4" * size
        head = (
            bytes((0x81, size))
            if size < 126
            else b"\x81\x7e" + size.to_bytes(2, "big")
            if size < 65_536
            else b"\x81\x7f" + size.to_bytes(8, "big")
        )
        assert wire.split(head + text + b"\x81") == ([text], b"\x81")
        assert wire.split((head + text)[:-1])[0] == []


def test_percentiles_are_values_that_came() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    assert percentile([], 0.5) == float("inf")
