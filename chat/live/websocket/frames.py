"""WebSocket frames (RFC 6455), as a server reads and writes them: plain bytes in, plain bytes out."""

import base64
import binascii
import hashlib
import struct

# Opcodes (section 11.8).
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
# The bit of a frame's first octet that ends a message (section 5.2).
FIN = 0x80
# Codes of a closing frame (section 7.4.1).
NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, BAD_TEXT, TOO_BIG = 1000, 1001, 1002, 1003, 1007, 1009
# What a server answers a key with (section 1.3).
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Bytes that a control frame may carry (section 5.5).
CONTROL_LIMIT = 125
_KNOWN = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_MASKED = 0x80


class Violation(Exception):  # noqa: N818
    """A client broke the protocol: the `code` to close the connection with, and what it did."""

    def __init__(self, code: int, what: str) -> None:
        super().__init__(what)
        self.code = code


def accept(key: str) -> bytes | None:
    """The answer to a client's `Sec-WebSocket-Key` (section 4.2.2); `None` if that is not 16 bytes in base64."""
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            return None
    except (ValueError, binascii.Error):
        return None
    return base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest())


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole, unmasked frame (section 5.2)."""
    size = len(payload)
    if size <= 125:
        return bytes((FIN | opcode, size)) + payload
    if size <= 0xFFFF:
        return struct.pack("!BBH", FIN | opcode, 126, size) + payload
    return struct.pack("!BBQ", FIN | opcode, 127, size) + payload


def closing(code: int) -> bytes:
    """The frame that ends a connection (section 5.5.1)."""
    return frame(CLOSE, struct.pack("!H", code))


def closing_code(payload: bytes) -> int:
    """The code of a client's closing frame, to be answered with (sections 5.5.1 and 7.4).

    Raises:
        Violation: it carries what no closing frame may.
    """
    code = struct.unpack_from("!H", payload)[0] if len(payload) >= 2 else NORMAL
    known = (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999
    if len(payload) == 1 or not known:
        raise Violation(PROTOCOL_ERROR, "a closing frame that says nothing known")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Violation(BAD_TEXT, "a reason that is not UTF-8") from None
    return int(code)


def read(data: bytes | bytearray, at: int, most: int) -> tuple[int, int, bytes | None]:
    """Read the client's frame that begins at `at` in `data`.

    Returns:
        Where the frame ends, its first octet, and its payload, unmasked. While the frame is not whole the payload is
        `None`, and the end is how far `data` has to reach before it is worth another look.

    Raises:
        Violation: it is no frame that a client may send without extensions (sections 5.1, 5.2 and 5.5), or it carries
            more than `most` bytes. That is seen in its first octets, before the rest has come.
    """
    size = len(data) - at
    if size < 2:
        return at + 2, 0, None
    first, second = data[at], data[at + 1]
    length, head = second & 0x7F, at + 2
    if first & 0x70:
        raise Violation(PROTOCOL_ERROR, "reserved bits are set")
    if first & 0x0F not in _KNOWN:
        raise Violation(PROTOCOL_ERROR, f"there is no opcode {first & 0x0F}")
    if not second & _MASKED:
        raise Violation(PROTOCOL_ERROR, "a frame is not masked")
    if first & 0x08:
        if length > CONTROL_LIMIT:
            raise Violation(PROTOCOL_ERROR, "a control frame is too long")
        if not first & FIN:
            raise Violation(PROTOCOL_ERROR, "a control frame is fragmented")
    elif length > 125:
        wide = 2 if length == 126 else 8
        if size < 2 + wide:
            return head + wide, first, None
        length = int.from_bytes(data[head : head + wide])
        head += wide
        if length < (126 if wide == 2 else 0x10000):
            raise Violation(PROTOCOL_ERROR, "a length is not written in as few bytes as it could be")
        if length > most:
            raise Violation(TOO_BIG, "a message is too big")
    if length > most and not first & 0x08:
        raise Violation(TOO_BIG, "a message is too big")
    body = head + 4
    end = body + length
    if len(data) < end:
        return end, first, None
    if not length:
        return end, first, b""
    # As numbers: one operation for the whole payload instead of one for each byte (section 5.3).
    mask = (bytes(data[head:body]) * ((length + 3) // 4))[:length]
    masked = int.from_bytes(data[body:end], "little")
    return end, first, (masked ^ int.from_bytes(mask, "little")).to_bytes(length, "little")
