"""How an event is taken: its payload is checked, it is done, and it is answered."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chat import logs
from chat.errors import ChatError, internal, unavailable
from chat.live import schemas
from chat.live.base import Base
from chat.live.connections import Connection, Connections
from chat.store.errors import Unavailable

log = logging.getLogger(__name__)
Answer = dict[str, Any]
S = TypeVar("S", bound=msgspec.Struct)


def on(worker: Base, schema: type[S], act: Callable[[Connection, S], Answer]) -> None:
    """Have an event, called as its schema is, done by `act` and answered with what that returns.

    With python-socketio itself: Flask-SocketIO makes a request's context anew for each event, which costs several times
    what most events do.
    """
    event = schema.__name__[0].lower() + schema.__name__[1:]
    connections = worker.connections

    def handle(sid: str, *args: Any) -> Answer:
        try:
            answer = {"ok": True, **act(connections[sid], schemas.parse(schema, args))}
        except ChatError as error:
            answer = _refusal(error)
        except Unavailable:
            # The store tells the log, once for all.
            answer = _refusal(unavailable())
        except Exception:
            log.exception("%s failed", event, extra=_about(connections, sid, event))
            answer = _refusal(internal())
        return answer

    def logged(sid: str, *args: Any) -> Answer:
        began = time.perf_counter()
        answer = handle(sid, *args)
        outcome = "ok" if answer["ok"] else answer["error"]["code"]
        log.debug("%s: %s", event, outcome, extra=_about(connections, sid, event, ms=logs.ms_since(began)))
        return answer

    # Asked once: at each message it would be a part of what a message costs.
    worker.server.on(event, logged if log.isEnabledFor(logging.DEBUG) else handle)


def unknown(*_: Any) -> Answer:
    """Refuse an event that does not exist, without its name: python-socketio gives none where a client sends `*`."""
    return _refusal(ChatError("unknown_event", "There is no event of that name."))


def _about(connections: Connections, sid: str, event: str, **more: Any) -> dict[str, Any]:
    """What a line of the log is about, in the form that `logging` takes."""
    about = {"connection": sid, "event": event, **more}
    if sid in connections:
        connection = connections[sid]
        about["address"] = connection.address
        about["person"] = connection.person.id if connection.person else ""
    return {"about": about}


def _refusal(error: ChatError) -> Answer:
    return {"ok": False, "error": error.as_dict()}
