"""Clients of the chat: python-socketio's, and the official one for JavaScript in Node."""

import itertools
import json
import logging
import queue
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

import engineio
import socketio

from tests.support.servers import CHECKOUT
from tests.support.waiting import eventually

Event = tuple[str, dict[str, Any]]
NODE_CLIENT = Path(__file__).with_name("client.mjs")

# What a client says of a server that a test stopped is no log of the test that runs by then.
for _name in ("engineio.client", "socketio.client"):
    logging.getLogger(_name).propagate = False


def unique(name: str) -> str:
    """A name nobody else has: tests share a server.

    It never ends in digits alone, as `Here 12345678` would be read as the reserved `here`.
    """
    return f"{name} x{uuid.uuid4().hex[:7]}"


class Client:
    """What tests ask of a client of either kind. `events` is all that came, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.user: dict[str, str] = {}
        self.token = ""

    def call(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event, and return its answer."""
        raise NotImplementedError

    def port(self) -> int:
        """This client's end of the connection."""
        raise NotImplementedError

    def close(self) -> None:
        """End the connection."""
        raise NotImplementedError

    def named(self, name: str) -> "Client":
        """Choose a name, which joins the default room."""
        answer = self.ok("setUsername", {"user": name})
        self.user, self.token = answer["user"], answer["token"]
        return self

    def ok(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event that has to succeed."""
        answer = self.call(event, payload)
        assert answer["ok"], answer
        return answer

    def refused(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event that has to be refused, and return the error."""
        answer = self.call(event, payload)
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["error"]
        return error

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        """Send a message with an id of its own."""
        return self.ok("sendMessage", {"msg": text, "id": uuid.uuid4().hex, **fields})

    def got(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The payloads of this event that came, as far as they have these fields."""
        return [
            payload
            for name, payload in list(self.events)
            if name == event and all(payload.get(key) == value for key, value in fields.items())
        ]

    def texts(self, room: str) -> list[str]:
        """The messages of a room that came, in the order in which they came."""
        return [payload["text"] for payload in self.got("message", room=room)]

    def told(self, change: str, person: dict[str, str], room: str = "work") -> bool:
        """Whether presence told that this person "joined" or "left" the room."""
        return any(person in payload[change] for payload in self.got("presence", room=room))

    def wait_told(self, change: str, person: dict[str, str], room: str = "work", *, within: float = 8) -> None:
        """Wait until presence told that this person "joined" or "left"."""
        eventually(lambda: self.told(change, person, room), within=within, what=f"{person} {change} {room}")

    def wait(self, event: str, *, within: float = 8, **fields: Any) -> dict[str, Any]:
        """The first payload of this event with these fields, waited for."""
        seen = lambda: self.got(event, **fields)  # noqa: E731
        return eventually(seen, within=within, what=f"{event} {fields}")[0]


class _OneThread(engineio.Client):
    """Handles messages in the thread that reads them."""

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        return super()._trigger_event(event, *args, **{**options, "run_async": False})


class InOrder(socketio.Client):
    """python-socketio's client, whose handlers are called in the order in which events come.

    As it comes, it handles each in a thread of its own, and on a busy machine one of them overtakes another.
    """

    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OneThread


class PythonClient(Client):
    """python-socketio's client."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__()
        self._io = InOrder(reconnection=False)
        self.ended = threading.Event()
        self._io.on("*", lambda event, payload: self.events.append((event, payload)))
        self._io.on("disconnect", lambda *_: self.ended.set())
        self._io.connect(url, transports=["websocket"], **options)

    def call(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event, and return its answer."""
        answer: dict[str, Any] = self._io.call(event, payload, timeout=10)
        return answer

    def port(self) -> int:
        """This client's end of the connection."""
        return int(self._io.eio.ws.sock.getsockname()[1])

    def close(self) -> None:
        """End the connection."""
        self._io.disconnect()


class NodeClient(Client):
    """The official socket.io-client, in a Node process that is told what to do line by line."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._node = subprocess.Popen(
            ["node", str(NODE_CLIENT), url], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._numbers = itertools.count()
        self._answers: dict[int, queue.Queue[Any]] = {}
        self._connected: queue.Queue[int] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._port = self._connected.get(timeout=10)

    def call(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event, and return its answer."""
        answer: dict[str, Any] = self.send(event, payload).get(timeout=10)
        return answer

    def send(self, event: str, payload: Any) -> queue.Queue[Any]:
        """Send an event, and return where its answer will come."""
        number = next(self._numbers)
        self._answers[number] = queue.Queue()
        assert self._node.stdin is not None
        self._node.stdin.write(json.dumps({"number": number, "event": event, "payload": payload}) + "\n")
        self._node.stdin.flush()
        return self._answers[number]

    def port(self) -> int:
        """This client's end of the connection."""
        return self._port

    def close(self) -> None:
        """End the connection, and the process."""
        assert self._node.stdin is not None and self._node.stdout is not None
        self._node.stdin.close()
        self._node.wait(10)

    def _read(self) -> None:
        assert self._node.stdout is not None
        with self._node.stdout as lines:
            for line in lines:
                said = json.loads(line)
                if "port" in said:
                    self._connected.put(said["port"])
                elif "answer" in said:
                    self._answers[said["number"]].put(said["answer"])
                else:
                    self.events.append((said["event"], said["payload"]))
