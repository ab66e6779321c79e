"""Writing to many: what is said to a room meanwhile goes out together, in one write for each of its connections."""

import json
import time
from collections import deque
from typing import Protocol

from chat.live.connections import Connections
from chat.live.websocket import frames
from chat.live.websocket.loop import Loop

# Seconds of writing after which the loop looks after the sockets again.
SLICE = 0.005
# Bytes for one room that are written at once, about.
AT_MOST = 256 * 1024
# Seconds that are left to others between two flushes at most, however long one took.
REST = 0.01


class Writer(Protocol):
    def write(self) -> None: ...


class FanOut:
    """The writing of one worker.

    A room's frames are gathered until they are flushed, and then joined: each connection in the room gets one write,
    whatever was said. A frame is made once, for all who get it.
    """

    def __init__(self, loop: Loop, connections: Connections) -> None:
        self._loop = loop
        self._connections = connections
        self._gathered: dict[str | None, list[bytes]] = {}
        self._spoken: deque[Writer] = deque()
        self._writing = False

    def emit(self, room: str | None, event: str, payload: str) -> None:
        """Say an event, its payload JSON already, to the connections in a room, or to everyone, by the next flush."""
        frame = frames.frame(frames.TEXT, f"42[{json.dumps(event)},{payload}]".encode())
        self._gathered.setdefault(room, []).append(frame)

    def flush(self) -> None:
        """Write what was gathered. If that was more than one thing for a room, leave others as much time as it took.

        For a green thread: in between, the loop looks after the sockets. What is said while it writes and rests then
        goes out together: the more there is to do, the less each message costs.
        """
        if not self._gathered:
            return
        began = time.monotonic()
        gathered, self._gathered = self._gathered, {}
        for room, said in gathered.items():
            self._write_room(room, said)
        if any(len(said) > 1 for said in gathered.values()):
            self._loop.sleep(min(time.monotonic() - began, REST))

    def _write_room(self, room: str | None, said: list[bytes]) -> None:
        pause = time.monotonic()
        for data in _joined(said):
            there = self._connections.identified() if room is None else self._connections.in_room(room)
            for number, connection in enumerate(there):
                # Unless it left while the others were written to.
                if room is None or room in connection.rooms:
                    connection.socket.put(data)
                if number % 32 == 31 and time.monotonic() - pause > SLICE:
                    self._loop.sleep(0)
                    pause = time.monotonic()
            if len(data) > AT_MOST:
                # What did not fit into the buffers of sockets can go out before there is more.
                self._loop.sleep(0)

    def spoke(self, writer: Writer) -> None:
        """Note that something waits to be written to a connection. It is written when this turn of the loop is over."""
        if not self._writing:
            self._writing = True
            self._loop.later(0, self._write)
        self._spoken.append(writer)

    def _write(self) -> None:
        began = time.monotonic()
        try:
            while self._spoken:
                self._spoken.popleft().write()
                if len(self._spoken) % 32 == 0 and time.monotonic() - began > SLICE:
                    break
        finally:
            # Whatever became of one, the others are written to.
            self._writing = bool(self._spoken)
            if self._writing:
                self._loop.later(0, self._write)


def _joined(said: list[bytes]) -> list[bytes]:
    """Frames, in as few pieces as are not much longer than `AT_MOST`."""
    if sum(map(len, said)) <= AT_MOST:
        return [b"".join(said)]
    pieces: list[list[bytes]] = [[]]
    size = 0
    for each in said:
        if size > AT_MOST:
            pieces.append([])
            size = 0
        pieces[-1].append(each)
        size += len(each)
    return [b"".join(piece) for piece in pieces]
