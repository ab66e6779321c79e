"""Who is connected to this worker."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from chat.domain.people import Person


@dataclass(eq=False)
class Connection:
    """One client's connection: who it is, and the rooms it has joined.

    `sid` is Socket.IO's id, `address` where it comes from, `network` what that counts as (empty for one's own machine),
    `typing` the rooms in which it said that it types, `proof` the digest of its person's token, if there is one,
    `signed_out` whether its person gave the name back.
    """

    sid: str
    address: str
    person: Person | None = None
    rooms: set[str] = field(default_factory=set)
    typing: set[str] = field(default_factory=set)
    proof: str = ""
    signed_out: bool = False
    network: str = ""


class Connections:
    """This worker's connections, by `sid`, by room and by person."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_room: defaultdict[str, set[Connection]] = defaultdict(set)

    def __getitem__(self, sid: str) -> Connection:
        return self._by_sid[sid]

    def __contains__(self, sid: str) -> bool:
        return sid in self._by_sid

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_sid.values()))

    def add(self, connection: Connection) -> None:
        """Note a connection that was made."""
        self._by_sid[connection.sid] = connection

    def remove(self, sid: str) -> Connection | None:
        """Forget a connection that ended, if it is known, and return it."""
        connection = self._by_sid.pop(sid, None)
        if connection is not None:
            for room in list(connection.rooms):
                self._leave(connection, room)
        return connection

    def enter(self, connection: Connection, room: str) -> None:
        """Note that a connection joined a room, unless it ended meanwhile."""
        if self._by_sid.get(connection.sid) is not connection:
            return
        connection.rooms.add(room)
        self._by_room[room].add(connection)

    def leave(self, connection: Connection, room: str) -> None:
        """Note that a connection left a room."""
        connection.rooms.discard(room)
        connection.typing.discard(room)
        self._leave(connection, room)

    def rooms(self) -> list[str]:
        """The rooms that somebody here has joined."""
        return list(self._by_room)

    def links(self, room: str) -> list[tuple[Person, str]]:
        """Who is in the room from here: each person with the `sid` of their connection."""
        return [(each.person, each.sid) for each in list(self._by_room.get(room, ())) if each.person]

    def of(self, person_id: str) -> list[Connection]:
        """A person's connections here."""
        return [each for each in self if each.person and each.person.id == person_id]

    def _leave(self, connection: Connection, room: str) -> None:
        members = self._by_room[room]
        members.discard(connection)
        if not members:
            del self._by_room[room]
