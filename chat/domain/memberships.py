"""Who belongs to which room, and how far they have read. A room is found through it."""

import time
from dataclasses import dataclass

from chat.config import Config
from chat.domain import people, rooms
from chat.domain.people import People, Person
from chat.domain.rooms import Room, Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store


@dataclass(frozen=True)
class Membership:
    """A person in a room. `read` is the highest `seq` they have read."""

    person: Person
    room: Room
    read: int

    @property
    def unread(self) -> int:
        """How many entries came after the last one read."""
        return max(0, self.room.head - self.read)


class Memberships:
    """Everybody may join every room; writing, reading and hearing take a membership.

    A membership is a lease like a name's: renewed by joining, gone when it was not used for as long as a name may be.
    """

    def __init__(self, store: Store, config: Config, shards: Shards, people: People, rooms: Rooms) -> None:
        self._store = store
        self._key = shards.key
        self._people = people
        self._rooms = rooms
        self.lease = config.name_lease_days * 86_400

    def join(self, person: Person, name: str) -> Membership:
        """Make `person` a member of the room, or renew that they are. What was said before counts as read.

        Raises:
            ChatError: `room_not_found`.
        """
        room = self._rooms.find(name)
        now = time.time()
        self._store.ask(
            ("ZADD", self._key(name, "members"), now, person.id),
            ("ZREMRANGEBYSCORE", self._key(name, "members"), "-inf", now - self.lease),
        )
        return Membership(person, room, self.begin(person, room))

    def begin(self, person: Person, room: Room) -> int:
        """Up to where a member has read, which is all that was said before they joined."""
        key = reads(person)
        *_, read = self._store.ask(
            ("HSETNX", key, room.name, room.head), *self._people.renewing(person), ("HGET", key, room.name)
        )
        return min(int(read), room.head)

    def find(self, person: Person, name: str) -> Membership:
        """The membership of `person` in the room.

        Raises:
            ChatError: `room_not_found`, also where there is such a room, but not for this person.
        """
        since, read, row = self._store.ask(
            ("ZSCORE", self._key(name, "members"), person.id),
            ("HGET", reads(person), name),
            ("HMGET", self._key(name), *rooms.FIELDS),
        )
        room = rooms.room_of(name, row)
        if since is None or room is None:
            raise rooms.not_found(name)
        return Membership(person, room, min(int(read or 0), room.head))

    def of(self, person: Person) -> dict[str, int]:
        """The rooms that `person` is a member of, each with the `seq` read up to."""
        (found,) = self._store.ask(("HGETALL", reads(person)))
        return {name: int(read) for name, read in found.items()}

    def read(self, person: Person, name: str, seq: int) -> int:
        """Mark everything up to `seq` as read, and return what is read now: reading never goes back.

        Raises:
            ChatError: `room_not_found`.
        """
        membership = self.find(person, name)
        read = max(membership.read, min(seq, membership.room.head))
        self._store.ask(("HSET", reads(person), name, read))
        return read

    def end(self, person: Person, name: str) -> None:
        """End the membership, if there is one."""
        self._store.ask(("ZREM", self._key(name, "members"), person.id), ("HDEL", reads(person), name))

    def end_all(self, person: Person) -> None:
        """End all memberships of a person who goes."""
        left = [("ZREM", self._key(name, "members"), person.id) for name in self.of(person)]
        self._store.ask(*left, ("DEL", reads(person)))


def reads(person: Person) -> str:
    """The Redis key of how far a person has read, room by room."""
    return people.reads(person.id)
