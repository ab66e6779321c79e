"""The chat's own transport: what goes over a WebSocket, in order and whole, and how it begins and ends."""

import json
import threading

import psutil
import pytest

from chat.config import Config
from chat.live import announce
from chat.live.packets import LARGEST
from chat.store.connection import Store
from tests.live.conftest import Open
from tests.support.clients import Client, unique
from tests.support.servers import Server
from tests.support.waiting import eventually
from tests.support.websockets import BINARY, CLOSE, PING, PONG, TEXT, event, frame


def connections(server: Server) -> int:
    """How many TCP connections the workers have with clients."""
    found = [each for pid in server.worker_pids() for each in psutil.Process(pid).net_connections(kind="tcp")]
    return sum(1 for each in found if each.laddr and each.laddr.port == server.port and each.raddr)


# Whole and in order


def test_messages_and_answers_keep_their_order(plain: Open, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    reader = plain().named(unique("Both")).joined(room)
    other = threading.Thread(target=lambda: [ada.say(f"ada {number}", room=room) for number in range(100)])
    other.start()
    for number in range(100):
        reader.send(event("sendMessage", {"room": room, "msg": f"own {number}"}, id=100 + number))
    seqs, answers, texts = [], [], []
    while len(seqs) < 200 or len(answers) < 100:
        said = reader.until("4")
        if said.startswith('42["message"'):
            payload = json.loads(said[2:])[1]
            seqs.append(payload["seq"])
            texts.append(payload["text"])
        elif said.startswith("43"):
            answers.append(int(said[2:5]))
    other.join()
    assert seqs == list(range(seqs[0], seqs[0] + 200))
    assert answers == list(range(100, 200))
    for who in ("ada", "own"):
        assert [text for text in texts if text.startswith(who)] == [f"{who} {number}" for number in range(100)]


def test_a_slow_reader_gets_everything_in_order(plain: Open, ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    slow = plain(receive_buffer=2048).named(unique("Slow")).joined(room)
    for number in range(80):
        ada.say(f"{number} " + "x" * 9_990, room=room)
    eventually(lambda: len(ben.texts(room)) == 80)
    # An answer takes its place behind what waits.
    slow.send(event("read", {"room": room, "seq": 80}, id=2))
    assert [payload["text"].split()[0] for payload in slow.messages(80)] == [str(number) for number in range(80)]
    slow.until("432[")


def test_a_message_in_fragments_is_one_message(plain: Open, ben: Client) -> None:
    client = plain().named(unique("Piecemeal"))
    said = b'420["sendMessage",{"msg":"in \xc3\xa9 pieces"}]'
    for place in range(len(said)):
        opcode = TEXT if place == 0 else 0
        client.send(frame(opcode, said[place : place + 1], fin=place == len(said) - 1))
        if place == 20:
            client.send(frame(PING, b"meanwhile"))
    while client.read() != (PONG, b"meanwhile"):
        pass
    client.until("430[")
    eventually(lambda: "in é pieces" in ben.texts("work"))


def test_frames_that_come_byte_by_byte_are_frames(plain: Open) -> None:
    client = plain().named(unique("Drip"))
    for byte in event("typing", {"room": "work", "on": False}, id=7):
        client.send(bytes([byte]))
    assert '"ok":true' in client.until("437[")


def test_many_frames_at_once_are_handled_in_order(plain: Open) -> None:
    client = plain().named(unique("Batch"))
    client.send(b"".join(event("typing", {"room": "work", "on": False}, id=number) for number in range(10, 99)))
    assert [client.until("43")[2:4] for _ in range(10, 99)] == [str(number) for number in range(10, 99)]


# What no client may send

EVIL = {
    "unmasked": (frame(TEXT, b"3", masked=False), 1002),
    "reserved bit 1": (frame(TEXT, b"3", bits=0x40), 1002),
    "reserved bit 3": (frame(TEXT, b"3", bits=0x10), 1002),
    "opcode 3": (frame(3), 1002),
    "opcode 11": (frame(11), 1002),
    "a long ping": (frame(PING, bytes(126)), 1002),
    "a ping in pieces": (frame(PING, fin=False), 1002),
    "a continuation of nothing": (frame(0, b"x"), 1002),
    "a message in a message": (frame(TEXT, b"4", fin=False) + frame(TEXT, b"4"), 1002),
    "a length in too many bytes": (b"\x81\xfe\x00\x05" + bytes(9), 1002),
    "a length of 64 bits": (b"\x81\xff" + b"\xff" * 8, 1009),
    "more than a message may have": (b"\x81\xff" + (LARGEST + 1).to_bytes(8), 1009),
    "more in fragments": (frame(TEXT, b"4" * 100_000, fin=False) + frame(0, b"4" * 40_000, fin=False), 1009),
    "binary": (frame(BINARY, b"4"), 1003),
    "bad UTF-8": (frame(TEXT, b"42\xff"), 1007),
    "surrogates": (frame(TEXT, b"42\xed\xa0\x80"), 1007),
    "no packet": (frame(TEXT), 1002),
    "a packet of no kind": (frame(TEXT, b"x"), 1002),
    "a packet in base64": (frame(TEXT, b"bAAAA"), 1002),
    "a closing frame of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a closing frame with a code of no use": (frame(CLOSE, b"\x03\xed"), 1002),
    "a closing frame with bad UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize("sent", EVIL)
def test_what_breaks_the_protocol_ends_the_connection_at_once(plain: Open, server: Server, sent: str) -> None:
    data, code = EVIL[sent]
    client = plain()
    before = server.log.count("closing a connection")
    client.send(data)
    assert client.closed(within=1) == code
    eventually(lambda: server.log.count("closing a connection from 127.0.0.1") > 0)
    eventually(lambda: server.log.count("closing a connection") == before + 1)


def test_a_message_may_be_as_big_as_it_is_said(plain: Open) -> None:
    client = plain().named(unique("Large"))
    padding = "x" * (LARGEST - 64)
    for fragments in (1, 4):
        said = f'420["typing",{{"room":"work","on":false,"more":"{padding}"}}]'.encode()
        step = -(-len(said) // fragments)
        pieces = [said[place : place + step] for place in range(0, len(said), step)]
        for place, piece in enumerate(pieces):
            client.send(frame(0 if place else TEXT, piece, fin=place == len(pieces) - 1))
        assert '"ok":true' in client.until("430[")


# How it begins


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Version": "12"}, 426),
        ({"Sec_WebSocket_Version": ""}, 426),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "!" * 24}, 400),
        ({"Connection": "keep-alive"}, 400),
        ({"Origin": "https://evil.example"}, 400),
    ],
)
def test_a_handshake_that_is_none_is_refused(plain: Open, headers: dict[str, str], status: int) -> None:
    assert plain(**headers).status == status


def test_beyond_the_places_for_connections_one_is_told_to_come_back(plain: Open, new_server) -> None:
    server = new_server(CHAT_MAX_CONNECTIONS="3", WEB_CONCURRENCY="1")
    first = [plain(server).named(unique("In")) for _ in range(3)]
    refused = plain(server)
    assert refused.status == 503
    assert "retry-after: 10" in refused.head.lower()
    assert "Every place for a live connection is taken." in refused.body()
    first[0].socket.close()
    eventually(lambda: plain(server).status == 101)


# How it ends


def test_a_closing_frame_is_answered_with_its_code(plain: Open) -> None:
    client = plain()
    client.send(frame(CLOSE, (3456).to_bytes(2) + b"bye"))
    assert client.closed(within=1) == 3456


def test_what_was_sent_before_going_is_done(plain: Open, ben: Client) -> None:
    client = plain().named(unique("Parting"))
    client.send(event("sendMessage", {"msg": "and gone"}))
    client.socket.close()
    eventually(lambda: "and gone" in ben.texts("work"))


@pytest.mark.parametrize("goes", ["close", "reset", "packet", "frame"])
def test_who_goes_leaves_nothing_behind(plain: Open, server: Server, ben: Client, goes: str) -> None:
    before = connections(server)
    crowd = [plain().named(unique("Crowd")) for _ in range(20)]
    eventually(lambda: connections(server) == before + 20)
    for each in crowd:
        {
            "close": each.socket.close,
            "reset": each.reset,
            "packet": lambda each=each: each.send(frame(TEXT, b"1")),
            "frame": lambda each=each: each.send(frame(CLOSE)),
        }[goes]()
    eventually(lambda: connections(server) == before, within=10)


def test_who_does_not_answer_pings_is_closed_and_who_does_stays(plain: Open, store: Store, config: Config) -> None:
    silent, lively = plain().named(unique("Silent")), plain().named(unique("Lively"))
    answered = threading.Event()

    def answer() -> None:
        lively.socket.settimeout(60)
        lively.until('42["announcement"')
        answered.set()

    threading.Thread(target=answer, daemon=True).start()
    assert silent.closed(within=38) == 1000
    announce(store, config, "Still here?")
    assert answered.wait(5)
