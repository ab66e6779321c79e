"""What the bus tells beside the entries of logs: who left or signed out, rooms that are gone, and news for all."""

import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from chat.domain.bus import Item
from chat.live.base import Base
from chat.live.connections import EVERYONE, Connection
from chat.live.delivery.places import Places
from chat.live.guards import Guards

log = logging.getLogger(__name__)


class Signals:
    """Acts on one worker upon what the bus tells."""

    def __init__(self, worker: Base, guards: Guards, places: Places) -> None:
        self._worker = worker
        self._guards = guards
        self._chat = worker.chat
        self._connections = worker.connections
        self._places = places

    def take(self, item: Item) -> None:
        """Act upon an item of the bus."""
        if item.type == "signedOut":
            told = msgspec.json.decode(item.entry)
            # An older worker says nothing of why.
            self.sign_out(told["user"], told.get("message", ""))
        elif item.type == "restart":
            if msgspec.json.decode(item.entry)["sid"] in self._connections:
                log.warning("restarting, as a drill asks for")
                self._worker.restart()
        elif item.type == "left":
            leavers = self._connections.of(msgspec.json.decode(item.entry)["user"])
            # A connection that came in after that is a member's again.
            self.end(item.room, [each for each in leavers if each.rooms.get(item.room, item.n) < item.n])
        elif item.type == "roomRemoved":
            self._remove(item.room, listed=msgspec.json.decode(item.entry)["listed"])
        elif item.type == "resync":
            if item.room in self._places:
                self._places.resync(item.room)
        else:
            self._worker.sockets.emit(item.room or None, item.type, item.entry)

    def sign_out(self, person_id: str, message: str = "") -> None:
        """Close a person's connections."""
        connections = self._connections.of(person_id)
        for connection in connections:
            connection.signed_out = True
            self._tell(connection.sid, "signedOut", {"message": message})
            self._guards.close(connection)
        if connections and connections[0].person:
            # Until now they may have come in again.
            self._chat.memberships.leave_all(connections[0].person)

    def end(self, room: str, connections: Sequence[Connection]) -> None:
        """Have connections hear no more of a room: they get all that was said before, and nothing after."""
        if connections:
            self._worker.sockets.flush()
        for connection in connections:
            self._connections.leave(connection, room)
            self._tell(connection.sid, "left", {"room": room})

    def end_strangers(self, room: str) -> None:
        """Have those connections hear no more of a room whose people are no members any more."""
        self.end(room, self.strangers(room, self._connections.in_room(room)))

    def strangers(self, room: str, connections: Sequence[Connection]) -> list[Connection]:
        """Those of the connections whose people are no members of the room."""
        people = {each.person.id for each in connections if each.person}
        gone = set(self._chat.access.strangers(room, people))
        return [each for each in connections if each.person and each.person.id in gone]

    def _remove(self, room: str, *, listed: bool) -> None:
        """Say that a room is gone: to everyone, or, if it was in no list, to those who were in it."""
        self._worker.sockets.flush()
        members = self._connections.in_room(room)
        for connection in members:
            self._connections.leave(connection, room)
        self._places.drop(room)
        for address in [EVERYONE] if listed else [each.sid for each in members]:
            self._tell(address, "roomRemoved", {"room": room})

    def _tell(self, address: str, event: str, payload: dict[str, Any]) -> None:
        self._worker.socketio.emit(event, payload, to=address, ignore_queue=True)
