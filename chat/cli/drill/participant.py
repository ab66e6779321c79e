"""A client of the chat that writes and reads, and notes what and when."""

import queue
import threading
import time
import uuid
from typing import Any

import click
import socketio

# Seconds for an answer, before a send is repeated.
ANSWER_WITHIN = 10.0
# Seconds before something is tried again, unless the answer says after how many.
AGAIN = 0.2
PAGE = 200
# What stands for an answer that does not come.
OFFLINE: dict[str, Any] = {"ok": False, "error": {"code": "offline"}}


class DrillError(click.ClickException):
    """The drill could not be held. Its text says why."""


class Participant:
    """Somebody who writes and reads, and comes back after every interruption, as docs/protocol.md says to.

    `sent` has when each message was first sent; `acknowledged` the epoch and `seq` of each that was answered;
    `answered_after` how long each answer took; `read` each entry with when it was read, in that order. Times are
    seconds, monotonic.
    """

    client_class = socketio.Client

    def __init__(self, url: str, room: str, headers: dict[str, str] | None = None) -> None:
        self.sent: dict[str, float] = {}
        self.acknowledged: dict[str, tuple[str, int]] = {}
        self.answered_after: list[float] = []
        self.read: list[tuple[float, dict[str, Any]]] = []
        self.returns = -1
        self._room = room
        self._position: dict[str, Any] | None = None
        self._held: dict[int, dict[str, Any]] = {}
        self._live: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ended = False
        self._client = self.client_class(reconnection_delay=0.1, reconnection_delay_max=0.5)
        self._client.on("message", self._live.put)
        self._client.on("resync", lambda _: self._live.put(None))
        self._client.on("connect", self._returned)
        self._client.on("disconnect", self._interrupted)
        self._asked: list[queue.Queue[dict[str, Any]]] = []
        try:
            # After a second without an answer, which a worker that just starts may take, it would come back no more.
            self._client.connect(url, headers or {}, transports=["websocket"], wait_timeout=int(ANSWER_WITHIN))
        except socketio.exceptions.ConnectionError as error:
            raise DrillError(f"Nothing answers at {url}: {error}") from None
        self._reader = threading.Thread(target=self._run, daemon=True)
        self._reader.start()

    @property
    def sid(self) -> str:
        """The connection's id, on the server too."""
        return str(self._client.get_sid())

    @property
    def ready(self) -> bool:
        """Whether the room is joined."""
        return self._position is not None

    def say(self, until: float) -> None:
        """Send a message, again and again under the same id until it is answered, or time is up."""
        id = uuid.uuid4().hex
        self.sent[id] = time.monotonic()
        while time.monotonic() < until:
            began = time.monotonic()
            answer = self.call("sendMessage", {"room": self._room, "msg": f"drill {len(self.sent)}", "id": id})
            if answer is not OFFLINE:
                self.answered_after.append(time.monotonic() - began)
            if answer["ok"]:
                self.acknowledged[id] = (answer["epoch"], answer["seq"])
                return
            if answer["error"]["code"] in ("not_signed_in", "room_not_found"):
                self._live.put(None)
            time.sleep(answer["error"].get("retry_after", AGAIN))

    def close(self) -> None:
        """End the connection."""
        self._ended = True
        self._live.put(None)
        self._reader.join(ANSWER_WITHIN)
        self._client.disconnect()

    def identify(self) -> dict[str, Any]:
        """Say who one is, where the cookie does not; returns the answer."""
        return {"ok": True}

    def call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event, and return its answer, or `OFFLINE`."""
        asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked.append(asked)
        try:
            self._client.emit(event, payload, callback=asked.put)
            return asked.get(timeout=ANSWER_WITHIN)
        except (socketio.exceptions.SocketIOError, OSError, queue.Empty):
            return OFFLINE
        finally:
            self._asked.remove(asked)

    def _interrupted(self, *_: Any) -> None:
        # python-socketio's own call would wait on for an answer.
        for asked in list(self._asked):
            asked.put(OFFLINE)

    def _returned(self) -> None:
        self.returns += 1
        self._live.put(None)

    def _run(self) -> None:
        while not self._ended:
            entry = self._live.get()
            if entry is not None:
                self._take([entry])
            if (entry is None or self._held) and not self._ended and (wait := self._catch_up()):
                time.sleep(wait)
                self._live.put(None)

    def _catch_up(self) -> float:
        """Read what was missed. Returns the seconds after which to go on, or 0 when everything was read."""
        after = {"after": self._position} if self._position else {}
        page = self.identify()
        if page["ok"]:
            page = self.call("join", {"room": self._room, "limit": PAGE, **after})
        if page["ok"] and (self._position is None or page.get("reset")):
            first = page["entries"][0]["seq"] if page["entries"] else page["head"] + 1
            self._position = {"epoch": page["epoch"], "seq": first - 1}
        while page["ok"]:
            self._take(page["entries"])
            if page["complete"] or self._position is None:
                return 0
            page = self.call("history", {"room": self._room, "after": self._position["seq"], "limit": PAGE})
        return float(page["error"].get("retry_after", AGAIN))

    def _take(self, entries: list[dict[str, Any]]) -> None:
        if self._position is None:
            return
        for entry in entries:
            if entry["epoch"] == self._position["epoch"] and entry["seq"] > self._position["seq"]:
                self._held[entry["seq"]] = entry
        while entry := self._held.pop(self._position["seq"] + 1, {}):
            self._position["seq"] += 1
            self.read.append((time.monotonic(), entry))
