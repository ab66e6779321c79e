"""A steady writer and several readers, and what has to be true of them whatever is broken meanwhile."""

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chat.cli.drill.participant import Participant
from tests.support.clients import InOrder
from tests.support.servers import CHECKOUT
from tests.support.waiting import eventually

PACE = 0.04
"""Seconds between two messages of the writer, unless told otherwise."""
ANSWERED_WITHIN = 3.0
"""Seconds for an answer: the two that are promised, and some for a busy machine."""


class Reader(Participant):
    """Reads on python-socketio, as a bot that is the same person each time that it comes back."""

    client_class = InOrder

    def __init__(self, url: str, name: str, room: str) -> None:
        self._name = name
        self._token = ""
        super().__init__(url, room)

    def identify(self) -> dict[str, Any]:
        """Say who one is."""
        answer = self.call("setUsername", {"user": self._name, "token": self._token})
        self._token = answer.get("token", self._token)
        return answer


class Writer(Reader):
    """Sends messages too, one after the other, each until it is acknowledged."""

    def __init__(self, url: str, name: str, room: str, *, pace: float) -> None:
        super().__init__(url, name, room)
        self._pace = pace
        self._over = threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def _write(self) -> None:
        while not self._over.wait(self._pace):
            self.say(time.monotonic() + 120)

    def close(self) -> None:
        """End, when the last message was acknowledged."""
        self._over.set()
        self._writer.join(15)
        super().close()


class NodeReader:
    """Reads on the official client, by the ledger of the chat's own page."""

    def __init__(self, url: str, name: str, room: str) -> None:
        self.read: list[tuple[float, dict[str, Any]]] = []
        self.ready = False
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
                    self.ready = True
                else:
                    self.read.append((time.monotonic(), said))

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
            eventually(lambda reader=reader: reader.ready, within=30, what=f"{type(reader).__name__} begins")
        self.writer = Writer(url, f"writer {tag}", room, pace=pace)
        self.flow()

    @property
    def acknowledged(self) -> list[tuple[str, int, str]]:
        """The epoch, `seq` and id of each message that was acknowledged, in that order."""
        return [(*place, id) for id, place in list(self.writer.acknowledged.items())]

    def flow(self, messages: int = 10, *, within: float = 60) -> None:
        """Wait until so many more messages were acknowledged, and reached everyone."""
        count = len(self.writer.acknowledged)
        eventually(lambda: len(self.writer.acknowledged) >= count + messages, within=within, what="the writer goes on")
        *_, id = self.acknowledged[-1]
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
        acknowledged = self.acknowledged
        epoch, _, last = acknowledged[-1]
        assert not same_log or acknowledged[0][0] == epoch
        current = [(seq, id) for of, seq, id in acknowledged if of == epoch]
        assert len(set(current)) == len(current)
        for reader in self.readers:
            eventually(lambda reader=reader: self._has(reader, last), within=30)
            entries = [entry for _, entry in reader.read]
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
        assert max(self.writer.answered_after) < ANSWERED_WITHIN
        interruption = max(
            later - earlier
            for reader in self.readers
            for (earlier, _), (later, _) in zip(reader.read, reader.read[1:], strict=False)
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
        return any(entry["id"] == id for _, entry in list(reader.read)[::-1])
