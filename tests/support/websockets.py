"""A client made of plain bytes, which sends WebSocket frames as no client should."""

import base64
import contextlib
import json
import os
import socket
import struct
import time
from typing import Any

from tests.support.servers import Server

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, bits: int = 0, masked: bool = True) -> bytes:
    """A frame as a client sends it, or, for `masked` or `bits`, as it must not."""
    size = len(payload)
    first, mask = (0x80 if fin else 0) | bits | opcode, 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, mask | size)
    elif size < 0x10000:
        head = struct.pack("!BBH", first, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask | 127, size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))


def event(name: str, payload: dict[str, Any], *, id: int | str = "") -> bytes:
    """The frame of an event."""
    return frame(TEXT, f"42{id}{json.dumps([name, payload])}".encode())


class PlainSocket:
    """A TCP connection to the chat, upgraded. `status` is the handshake's, `body` what came instead of a WebSocket."""

    def __init__(self, server: Server, *, receive_buffer: int = 0, **headers: str) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", server.port))
        asked = {
            "Host": f"127.0.0.1:{server.port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items() if value)
        self.socket.sendall(f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{lines}\r\n".encode())
        self._came = b""
        while b"\r\n\r\n" not in self._came:
            self._came += self.socket.recv(4096)
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split()[1])
        if self.status == 101:
            assert self.read()[1].startswith(b"0{")

    @property
    def port(self) -> int:
        """This client's end of the connection."""
        return int(self.socket.getsockname()[1])

    def body(self, within: float = 2) -> str:
        """What the server says when it does not open a WebSocket."""
        self.socket.settimeout(within)
        with contextlib.suppress(OSError):
            while said := self.socket.recv(4096):
                self._came += said
        return self._came.decode()

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.socket.sendall(data)

    def read(self, most: int = 65536) -> tuple[int, bytes]:
        """The next frame: its opcode and payload. Raises `EOFError` at the end of the connection."""
        while True:
            if len(self._came) >= 2:
                size, head = self._came[1] & 0x7F, 2
                if size == 126:
                    size, head = int.from_bytes(self._came[2:4]), 4
                elif size == 127:
                    size, head = int.from_bytes(self._came[2:10]), 10
                if len(self._came) >= head + size:
                    opcode, payload = self._came[0] & 0x0F, self._came[head : head + size]
                    self._came = self._came[head + size :]
                    return opcode, payload
            try:
                said = self.socket.recv(most)
            except ConnectionResetError:
                said = b""
            if not said:
                raise EOFError
            self._came += said

    def until(self, beginning: str) -> str:
        """The next message that begins like this; others are passed over, pings are answered."""
        while True:
            opcode, payload = self.read()
            if opcode == TEXT and payload == b"2":
                self.send(frame(TEXT, b"3"))
            elif opcode == TEXT and payload.startswith(beginning.encode()):
                return payload.decode()

    def messages(self, count: int) -> list[dict[str, Any]]:
        """The next so many `message` events."""
        return [json.loads(self.until('42["message"')[2:])[1] for _ in range(count)]

    def named(self, name: str) -> "PlainSocket":
        """Connect, and say who one is."""
        self.send(frame(TEXT, b"40"))
        self.until("40{")
        self.send(event("setUsername", {"user": name}, id=0))
        assert '"ok":true' in self.until("430[")
        return self

    def joined(self, room: str) -> "PlainSocket":
        """Join a room."""
        self.send(event("join", {"room": room}, id=1))
        assert '"ok":true' in self.until("431[")
        return self

    def closed(self, within: float) -> int:
        """Wait for the end of the connection; the code of the closing frame, or 0 without one."""
        deadline, code = time.monotonic() + within, 0
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                opcode, payload = self.read()
            except EOFError:
                return code
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2])

    def reset(self) -> None:
        """Go without a word, as a machine that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
