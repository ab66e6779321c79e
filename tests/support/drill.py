"""A steady writer and several readers, and what has to be true of them whatever is broken meanwhile."""

import contextlib
import json
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import socketio

from tests.support.clients import InOrder
from tests.support.servers import CHECKOUT
from tests.support.waiting import eventually

PACE = 0.04
"""Seconds between two messages of the writer, unless told otherwise."""
OFFLINE: dict[str, Any] = {"ok": False, "error": {"code": "offline"}}
"""What stands for an answer that does not come."""
ANSWERED_WITHIN = 3.0
"""Seconds for an answer: the two that are promised, and some for a busy machine."""


class Person:
    """A python-socketio client that comes back by itself, as the same person."""

    def __init__(self, url: str, name: str, room: str) -> None:
        self.room = room
        self._name = name
        self._token = ""
        self.io = InOrder(reconnection_delay=0.1, reconnection_delay_max=0.5)
        self.io.on("message", self.on_message)
        self.io.on("resync", lambda _: self.wake.set())
        self.io.on("connect", lambda: self.wake.set())
        # python-socketio's own call waits on when its connection ends.
        self.io.on("disconnect", lambda *_: [each.put(OFFLINE) for each in self._asked])
        self._asked: list[queue.Queue[dict[str, Any]]] = []
        self.wake = threading.Event()
        self.ended = False
        # After a second without an answer, which a worker that just starts may take, it would come back no more.
        self.io.connect(url, transports=["websocket"], wait_timeout=10)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def on_message(self, entry: dict[str, Any]) -> None:
        """Take a live entry."""

    def run(self) -> None:
        """Do what this person does, until told to end."""
        raise NotImplementedError

    def call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event; an answer that did not come is a refusal too."""
        asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked.append(asked)
        try:
            self.io.emit(event, payload, callback=asked.put)
            return asked.get(timeout=6)
        except (socketio.exceptions.SocketIOError, OSError, queue.Empty):
            return OFFLINE
        finally:
            self._asked.remove(asked)

    def identify(self) -> bool:
        """Say who one is, as the same person each time, and join the room."""
        answer = self.call("setUsername", {"user": self._name, "token": self._token})
        self._token = answer.get("token", self._token)
        return bool(answer["ok"]) and bool(self.call("join", {"room": self.room, "limit": 0})["ok"])

    def close(self) -> None:
        """End."""
        self.ended = True
        self.wake.set()
        self.thread.join(15)
        with contextlib.suppress(Exception):
            self.io.disconnect()


class Writer(Person):
    """Sends messages, each until it is acknowledged.

    `acknowledged` has each with the epoch and the `seq` that it got; `slowest` is the longest wait for an answer, in
    seconds.
    """

    def __init__(self, url: str, name: str, room: str, *, pace: float) -> None:
        self.acknowledged: list[tuple[str, int, str]] = []
        self.slowest = 0.0
        self._pace = pace
        super().__init__(url, name, room)

    def run(self) -> None:
        """Write."""
        while not self.identify():
            time.sleep(0.1)
        while not self.ended:
            self._send(uuid.uuid4().hex)
            time.sleep(self._pace)

    def _send(self, id: str) -> None:
        while True:
            began = time.monotonic()
            answer = self.call("sendMessage", {"room": self.room, "msg": id, "id": id})
            code = answer.get("error", {}).get("code")
            if code != "offline":
                self.slowest = max(self.slowest, time.monotonic() - began)
            if answer["ok"]:
                self.acknowledged.append((answer["epoch"], answer["seq"], id))
                return
            if code in ("not_signed_in", "offline", "room_not_found"):
                self.identify()
            if self.ended and code == "offline":
                return
            time.sleep(0.1)


class Reader(Person):
    """Reads on python-socketio, as docs/protocol.md says to."""

    def __init__(self, url: str, name: str, room: str) -> None:
        self.entries: list[tuple[float, dict[str, Any]]] = []
        self._live: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._held: dict[int, dict[str, Any]] = {}
        self._position: dict[str, Any] | None = None
        super().__init__(url, name, room)

    @property
    def began(self) -> bool:
        """Whether what is said from now on will be read."""
        return self._position is not None

    def on_message(self, entry: dict[str, Any]) -> None:
        """Take a live entry: it is read in its turn."""
        self._live.put(entry)

    def run(self) -> None:
        """Read."""
        while not self.ended:
            if self.wake.is_set():
                self.wake.clear()
                if not self._catch_up():
                    self.wake.set()
                    time.sleep(0.1)
            with contextlib.suppress(queue.Empty):
                self._take([self._live.get(timeout=0.05)])
            if self._held:
                self.wake.set()

    def _catch_up(self) -> bool:
        if not self.identify():
            return False
        after = {"after": self._position} if self._position else {}
        page = self.call("join", {"room": self.room, "limit": 200, **after})
        if not page["ok"]:
            return False
        if self._position is None or page.get("reset"):
            first = page["entries"][0]["seq"] if page["entries"] else page["head"] + 1
            self._position = {"epoch": page["epoch"], "seq": first - 1}
        self._take(page["entries"])
        while not page["complete"]:
            page = self.call("history", {"room": self.room, "after": self._position["seq"], "limit": 200})
            if not page["ok"]:
                return False
            self._take(page["entries"])
        return True

    def _take(self, entries: list[Any]) -> None:
        if self._position is None:
            return
        for entry in entries:
            if entry["epoch"] == self._position["epoch"] and entry["seq"] > self._position["seq"]:
                self._held[entry["seq"]] = entry
        while (entry := self._held.pop(self._position["seq"] + 1, None)) is not None:
            self._position["seq"] += 1
            self.entries.append((time.monotonic(), entry))


class NodeReader:
    """Reads on the official client, by the ledger of the chat's own page."""

    def __init__(self, url: str, name: str, room: str) -> None:
        self.entries: list[tuple[float, dict[str, Any]]] = []
        self.began = False
        script = str(Path(__file__).with_name("reader.mjs"))
        self._node = subprocess.Popen(
            ["node", script, url, name, room], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._node.stdout is not None
        with self._node.stdout as lines:
            for line in lines:
                said = json.loads(line)
                if "began" in said:
                    self.began = True
                else:
                    self.entries.append((time.monotonic(), said))

    def close(self) -> None:
        """End."""
        assert self._node.stdin is not None
        self._node.stdin.close()
        self._node.wait(10)


class Drill:
    """One writer and three readers in a room.

    Args:
        room: where they are.
        reader_url: where the readers connect, if elsewhere than the writer.
        pace: seconds between two messages.
        kinds: what the readers are.
    """

    def __init__(
        self,
        url: str,
        *,
        room: str = "work",
        reader_url: str = "",
        pace: float = PACE,
        kinds: Sequence[type[Reader] | type[NodeReader]] = (Reader, Reader, NodeReader),
    ) -> None:
        tag, to = uuid.uuid4().hex[:8], reader_url or url
        self.readers = [kind(to, f"reader {number} {tag}", room) for number, kind in enumerate(kinds)]
        # On a busy machine a reader may need longer to start than the last entries go back that it would begin with.
        for reader in self.readers:
            eventually(lambda reader=reader: reader.began, within=30, what=f"{type(reader).__name__} begins")
        self.writer = Writer(url, f"writer {tag}", room, pace=pace)
        self.flow()

    def flow(self, messages: int = 10, *, within: float = 60) -> None:
        """Wait until so many more messages were acknowledged, and reached everyone."""
        count = len(self.writer.acknowledged)
        eventually(lambda: len(self.writer.acknowledged) >= count + messages, within=within, what="the writer goes on")
        *_, id = self.writer.acknowledged[-1]
        for reader in self.readers:
            goes_on = f"{type(reader).__name__} goes on"
            eventually(lambda reader=reader: self._has(reader, id), within=within, what=goes_on)

    def verify(self, *, same_log: bool = True) -> float:
        """Check that nothing was lost, doubled or in another order; return the longest interruption in seconds.

        Args:
            same_log: whether the log has to be the same throughout. Otherwise it was lost or went back: what was
                acknowledged since then has to be there, and of what came before nothing may be doubled or out of order.
        """
        self.flow()
        self.writer.close()
        acknowledged = self.writer.acknowledged
        epoch, _, last = acknowledged[-1]
        assert not same_log or acknowledged[0][0] == epoch
        current = [(seq, id) for of, seq, id in acknowledged if of == epoch]
        assert len(set(current)) == len(current)
        for reader in self.readers:
            eventually(lambda reader=reader: self._has(reader, last), within=30)
            entries = [entry for _, entry in reader.entries]
            epochs = list(dict.fromkeys(entry["epoch"] for entry in entries))
            assert epochs[-1] == epoch
            assert len(epochs) == 1 or not same_log
            for each in epochs:
                seqs = [entry["seq"] for entry in entries if entry["epoch"] == each]
                assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a hole, a repeat or another order"
            shown = [(entry["seq"], entry["id"]) for entry in entries if entry["epoch"] == epoch]
            assert shown[0][0] <= current[0][0], "began too late"
            # A repeat may be acknowledged under an epoch that its neighbours were written before.
            assert [each for each in shown if each in set(current)] == current
        assert self.writer.slowest < ANSWERED_WITHIN
        interruption = max(
            later - earlier
            for reader in self.readers
            for (earlier, _), (later, _) in zip(reader.entries, reader.entries[1:], strict=False)
        )
        # Shown by pytest -rP: what docs/reliability.md tells of.
        print(f"{len(acknowledged)} acknowledged, interrupted for {interruption:.1f} s")
        return interruption

    def close(self) -> None:
        """End everybody."""
        self.writer.close()
        for reader in self.readers:
            reader.close()

    @staticmethod
    def _has(reader: Reader | NodeReader, id: str) -> bool:
        return any(entry["id"] == id for _, entry in list(reader.entries)[::-1])
