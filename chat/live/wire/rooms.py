"""Which Socket.IO rooms each connection is in: python-socketio looks through all rooms of a worker when one ends."""

from typing import Any

MANAGER = ("rooms", "callbacks", "pending_connect", "pending_disconnect")
"""What is used of python-socketio's manager beside its methods."""
METHODS = ("basic_enter_room", "basic_leave_room", "basic_disconnect")


class Rooms:
    """Takes the place of three methods of a manager, with an index: an end then costs the same with any number of
    connections."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._enter, self._leave = manager.basic_enter_room, manager.basic_leave_room
        self._of: dict[str, set[str | None]] = {}
        for method in METHODS:
            setattr(manager, method, getattr(self, method))

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Add a connection to a room."""
        self._enter(sid, namespace, room, eio_sid=eio_sid)
        self._of.setdefault(sid, set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Take a connection out of a room."""
        self._leave(sid, namespace, room)
        self._of.get(sid, set()).discard(room)

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        """Forget a connection."""
        for room in self._of.pop(sid, ()):
            self._leave(sid, namespace, room)
        self._manager.callbacks.pop(sid, None)
        for pending in (self._manager.pending_connect, self._manager.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]
