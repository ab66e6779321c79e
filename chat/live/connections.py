"""Who is connected to this worker, and in which rooms they are. Nothing else keeps that."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chat.domain.people.people import Person
from chat.errors import not_signed_in

# Connections of one person to a worker at most: tabs and bots. No person takes all places.
PER_PERSON = 20
# Seconds within which a connection that died without a word is known to be silent.
PLACE_WITHIN = 20.0
# The address of all connections that said who they are. See `Connections.at`.
EVERYONE = "everyone"


def address_of_room(room: str) -> str:
    return f"room:{room}"


def address_of_person(person_id: str) -> str:
    return f"person:{person_id}"


@dataclass(eq=False)
class Connection:
    """One client's connection.

    Attributes:
        sid: Socket.IO's id of it.
        socket: what it is written to; `socket.sid` is Engine.IO's id of it.
        address: where it comes from.
        network: what that address counts as; empty for one's own machine.
        rooms: the rooms that it has joined, each with the number of the item on the room's bus after which it did.
        typing: the rooms in which it said that its person types.
        proof: the digest of its person's token, if there is one.
        signed_out: whether its person gave the name back.
    """

    sid: str
    socket: Any
    address: str
    person: Person | None = None
    rooms: dict[str, int] = field(default_factory=dict)
    typing: set[str] = field(default_factory=set)
    proof: str = ""
    signed_out: bool = False
    network: str = ""

    @property
    def named(self) -> Person:
        """Who it is. Raises `ChatError` if it did not say so yet."""
        if self.person is None:
            raise not_signed_in()
        return self.person


class Connections:
    """This worker's connections, by `sid`, by room and by person."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_room: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_person: defaultdict[str, set[Connection]] = defaultdict(set)

    def __getitem__(self, sid: str) -> Connection:
        return self._by_sid[sid]

    def __contains__(self, sid: str) -> bool:
        return sid in self._by_sid

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_sid.values()))

    def add(self, connection: Connection) -> None:
        self._by_sid[connection.sid] = connection
        if connection.person:
            self.identify(connection, connection.person)

    def remove(self, sid: str) -> Connection | None:
        """Forget a connection that ended, if it is known, and return it."""
        connection = self._by_sid.pop(sid, None)
        if connection is not None:
            for room in list(connection.rooms):
                _discard(self._by_room, room, connection)
            if connection.person:
                _discard(self._by_person, connection.person.id, connection)
        return connection

    def identify(self, connection: Connection, person: Person) -> None:
        connection.person = person
        if self._by_sid.get(connection.sid) is connection:
            self._by_person[person.id].add(connection)

    def enter(self, connection: Connection, room: str, n: int = 0) -> None:
        """Note that a connection joined a room after item `n` of its bus, unless it ended meanwhile."""
        if self._by_sid.get(connection.sid) is connection:
            connection.rooms[room] = n
            self._by_room[room].add(connection)

    def leave(self, connection: Connection, room: str) -> None:
        connection.rooms.pop(room, None)
        connection.typing.discard(room)
        _discard(self._by_room, room, connection)

    def rooms(self) -> list[str]:
        """The rooms that somebody here has joined."""
        return list(self._by_room)

    def links(self, room: str) -> list[tuple[Person, str]]:
        """Each person in a room, with the `sid` of their connection."""
        return [(each.person, each.sid) for each in self.in_room(room) if each.person]

    def in_room(self, room: str) -> list[Connection]:
        return list(self._by_room.get(room, ()))

    def of(self, person_id: str) -> list[Connection]:
        return list(self._by_person.get(person_id, ()))

    def identified(self) -> list[Connection]:
        """The connections that said who they are."""
        return [each for each in self if each.person]

    def at(self, address: str) -> list[Connection]:
        """The connections at an address: everyone's, a room's, a person's, or the `sid` of one."""
        kind, _, name = address.partition(":")
        if address == EVERYONE:
            return self.identified()
        if kind == "room":
            return self.in_room(name)
        if kind == "person":
            return self.of(name)
        return [self._by_sid[address]] if address in self._by_sid else []


def _discard(index: defaultdict[str, set[Connection]], key: str, connection: Connection) -> None:
    there = index.get(key, set())
    there.discard(connection)
    if not there:
        index.pop(key, None)
