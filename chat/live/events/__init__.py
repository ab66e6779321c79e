"""The events that a client may send: each checked, done, and answered. A noun's events are in the file of its name."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chat import logs
from chat.errors import ChatError, internal, unavailable
from chat.live import schemas
from chat.live.base import Base
from chat.live.connections import Connection
from chat.live.delivery.reader import Delivery
from chat.live.events.messages import Messages
from chat.live.events.people import People
from chat.live.events.rooms import Rooms
from chat.live.guards import Guards
from chat.live.message_queue import MessageQueue
from chat.store.errors import Unavailable

log = logging.getLogger(__name__)
Answer = dict[str, Any]
S = TypeVar("S", bound=msgspec.Struct)


class Events:
    """The handlers of one worker."""

    def __init__(self, worker: Base, guards: Guards, queue: MessageQueue, delivery: Delivery) -> None:
        self._server = worker.server
        self._connections = worker.connections
        self.rooms = rooms = Rooms(worker, queue, delivery)
        messages = Messages(worker, queue)
        people = People(worker, guards, rooms, messages)
        # With python-socketio itself: Flask-SocketIO makes a request's context anew for each event, which costs several
        # times what most events do.
        self._server.on("connect", people.connect)
        self._server.on("disconnect", people.disconnect)
        self._on(schemas.SetUsername, people.set_username)
        self._on(schemas.People, people.here)
        self._on(schemas.Ping, people.ping)
        self._on(schemas.Join, rooms.join)
        self._on(schemas.Leave, rooms.leave)
        self._on(schemas.Read, rooms.read)
        self._on(schemas.SendMessage, messages.send)
        self._on(schemas.History, messages.history)
        self._on(schemas.Typing, messages.typing)
        self._server.on("*", self._unknown)

    def _on(self, schema: type[S], act: Callable[[Connection, S], Answer]) -> None:
        """Have an event, called as its schema is, done by `act` and answered with what that returns."""
        event = schema.__name__[0].lower() + schema.__name__[1:]

        def handle(sid: str, *args: Any) -> Answer:
            try:
                answer = {"ok": True, **act(self._connections[sid], schemas.parse(schema, args))}
            except ChatError as error:
                answer = _refusal(error)
            except Unavailable:
                # The store tells the log, once for all.
                answer = _refusal(unavailable())
            except Exception:
                log.exception("%s failed", event, extra=self._about(sid, event))
                answer = _refusal(internal())
            return answer

        def logged(sid: str, *args: Any) -> Answer:
            began = time.perf_counter()
            answer = handle(sid, *args)
            outcome = "ok" if answer["ok"] else answer["error"]["code"]
            log.debug("%s: %s", event, outcome, extra=self._about(sid, event, ms=logs.ms_since(began)))
            return answer

        # Asked once: at each message it would be a part of what a message costs.
        self._server.on(event, logged if log.isEnabledFor(logging.DEBUG) else handle)

    def _about(self, sid: str, event: str, **more: Any) -> dict[str, Any]:
        """What a line of the log is about, in the form that `logging` takes."""
        about = {"connection": sid, "event": event, **more}
        if sid in self._connections:
            connection = self._connections[sid]
            about["address"] = connection.address
            about["person"] = connection.person.id if connection.person else ""
        return {"about": about}

    def _unknown(self, *_: Any) -> Answer:
        # Without its name: python-socketio leaves it out where somebody calls the catch-all by its own.
        return _refusal(ChatError("unknown_event", "There is no event of that name."))


def _refusal(error: ChatError) -> Answer:
    return {"ok": False, "error": error.as_dict()}
