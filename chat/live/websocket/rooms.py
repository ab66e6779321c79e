"""Which Socket.IO rooms each connection is in, and who is in each: python-socketio looks through all rooms of a worker
when a connection ends, and for each recipient of each event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chat.live.websocket.socket import Socket

MANAGER = ("rooms", "callbacks", "pending_connect", "pending_disconnect")
"""What is used of python-socketio's manager beside its methods."""
METHODS = ("basic_enter_room", "basic_leave_room", "basic_disconnect", "eio_sid_from_sid")


class Rooms:
    """Takes the place of three methods of a manager, with an index: an end then costs the same with any number of
    connections.

    Args:
        find: the connection with an Engine.IO id, if it is open.
    """

    def __init__(self, manager: Any, find: Callable[[str], "Socket | None"]) -> None:
        self._manager = manager
        self._find = find
        self._enter, self._leave = manager.basic_enter_room, manager.basic_leave_room
        self._of: dict[str, set[str | None]] = {}
        self._transports: dict[str | None, list[Socket]] = {}
        self._departures: dict[str | None, set[Socket]] = {}
        for method in METHODS[:3]:
            setattr(manager, method, getattr(self, method))

    def transports(self, room: str) -> "list[Socket]":
        """The connections in a room, as they are now: kept until somebody comes or goes."""
        found = self._transports.get(room)
        if found is None:
            ids = self._manager.rooms.get("/", {}).get(room, {})
            found = [transport for id in ids.values() if (transport := self._find(id))]
            self._transports[room] = found
        return found

    @contextmanager
    def departures(self, room: str) -> "Iterator[set[Socket]]":
        """Who left a room meanwhile, and is to hear nothing more of it."""
        left = self._departures[room] = set()
        try:
            yield left
        finally:
            del self._departures[room]

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Add a connection to a room."""
        self._enter(sid, namespace, room, eio_sid=eio_sid)
        self._of.setdefault(sid, set()).add(room)
        self._transports.pop(room, None)
        if room in self._departures and (transport := self._of_client(sid, namespace)):
            self._departures[room].discard(transport)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Take a connection out of a room."""
        if room in self._departures and (transport := self._of_client(sid, namespace)):
            self._departures[room].add(transport)
        self._leave(sid, namespace, room)
        self._of.get(sid, set()).discard(room)
        self._transports.pop(room, None)

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        """Forget a connection."""
        for room in self._of.pop(sid, ()):
            self._leave(sid, namespace, room)
            self._transports.pop(room, None)
        self._manager.callbacks.pop(sid, None)
        for pending in (self._manager.pending_connect, self._manager.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]

    def _of_client(self, sid: str, namespace: str) -> "Socket | None":
        return self._find(self._manager.eio_sid_from_sid(sid, namespace))
