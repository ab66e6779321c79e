"""The wire by hand: WebSocket frames, Engine.IO and Socket.IO packets, and how each kind of server is greeted."""

import json
from collections.abc import Iterator
from typing import Any

MARKER = b'42["message",'
"""How a delivery begins, in every server's frames. It cannot stand inside one: JSON writes its quotes as escapes."""
PING = b"\x81\x012"
"""A whole frame with Engine.IO's ping. No JSON has its second byte, and no header is followed by its third."""
SHORT, MIDDLE = 126, 127


class WireError(ValueError):
    """What came is no frame that a server of Socket.IO sends."""


def frame(text: bytes) -> bytes:
    """A client's frame with `text`. Its mask is zero, which leaves the text as it is and costs a server the same."""
    size = len(text)
    if size < SHORT:
        head = bytes((0x81, 0x80 | size))
    elif size < 1 << 16:
        head = b"\x81\xfe" + size.to_bytes(2, "big")
    else:
        head = b"\x81\xff" + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + text


PONG = frame(b"3")
OPEN_NAMESPACE = frame(b"40")


def event(name: str, payload: dict[str, Any], ack: int) -> bytes:
    """A frame with a Socket.IO event that asks for the acknowledgement `ack`."""
    return frame(b"42%d%b" % (ack, json.dumps([name, payload], separators=(",", ":")).encode()))


def split(buffer: bytes) -> tuple[list[bytes], bytes]:
    """The texts of the whole frames in `buffer`, and what is left of it.

    Raises:
        WireError: a frame is no unfragmented text. The end of the connection (`close`) is left for the socket to tell.
    """
    texts = []
    at, end = 0, len(buffer)
    while end - at >= 2:
        first, size = buffer[at], buffer[at + 1]
        start = at + 2
        if size == SHORT:
            start, size = at + 4, int.from_bytes(buffer[at + 2 : at + 4], "big")
        elif size == MIDDLE:
            start, size = at + 10, int.from_bytes(buffer[at + 2 : at + 10], "big")
        if end < start + size:
            break
        if first == 0x81:
            texts.append(buffer[start : start + size])
        elif first != 0x88:
            raise WireError(f"a frame that begins with {buffer[at : at + 2].hex()}")
        at = start + size
    return texts, buffer[at:]


def upgrade(host: str, cookie: str = "") -> bytes:
    """The request that opens Engine.IO over WebSocket. It offers no compression.

    With a `cookie` it is a browser's, whose page came from that host.
    """
    browser = f"Origin: http://{host}\r\nCookie: {cookie}\r\n" if cookie else ""
    return (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: {host}\r\n{browser}Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def greeting(kind: str, name: str, room: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events by which a client gets into `room` of a server of this kind, each sent when the last was answered."""
    if kind == "chat":
        yield "setUsername", {"user": name}
    yield "join", {"room": room, "limit": 0}


def comeback(epoch: str, seq: int, _name: str, room: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The event by which a client of the chat comes back whom its cookie names, and who was there until entry `seq`."""
    yield "join", {"room": room, "after": {"epoch": epoch, "seq": seq}, "limit": 200}


def nothing(_name: str, _room: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """No events: the connection alone."""
    yield from ()
