"""Who belongs to which room, and how far they have read. A room is found through it."""

import time
from dataclasses import dataclass

from chat.config import Config
from chat.domain import rooms
from chat.domain.people import Person
from chat.domain.rooms import Room, Rooms
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

    def __init__(self, store: Store, config: Config, rooms: Rooms) -> None:
        self._redis = store.redis
        self._rooms = rooms
        self._lease = config.name_lease_days * 86_400

    def join(self, person: Person, name: str) -> Membership:
        """Make `person` a member of the room, or renew that they are. What was said before counts as read.

        Raises:
            ChatError: `room_not_found`.
        """
        room = self._rooms.find(name)
        now = time.time()
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zadd(rooms.key(name, "members"), {person.id: now})
            pipeline.zremrangebyscore(rooms.key(name, "members"), "-inf", now - self._lease)
            pipeline.hsetnx(_read(person), name, room.head)
            pipeline.expire(_read(person), self._lease)
            pipeline.hget(_read(person), name)
            *_, read = pipeline.execute()
        return Membership(person, room, min(int(read), room.head))

    def find(self, person: Person, name: str) -> Membership:
        """The membership of `person` in the room.

        Raises:
            ChatError: `room_not_found`, also where there is such a room, but not for this person.
        """
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zscore(rooms.key(name, "members"), person.id)
            pipeline.hget(_read(person), name)
            since, read = pipeline.execute()
        if since is None:
            raise rooms.not_found(name)
        room = self._rooms.find(name)
        return Membership(person, room, min(int(read or 0), room.head))

    def of(self, person: Person) -> dict[str, int]:
        """The rooms that `person` is a member of, each with the `seq` read up to."""
        return {name: int(read) for name, read in self._redis.hgetall(_read(person)).items()}

    def read(self, person: Person, name: str, seq: int) -> int:
        """Mark everything up to `seq` as read, and return what is read now: reading never goes back.

        Raises:
            ChatError: `room_not_found`.
        """
        membership = self.find(person, name)
        read = max(membership.read, min(seq, membership.room.head))
        self._redis.hset(_read(person), name, read)
        return read

    def end(self, person: Person, name: str) -> None:
        """End the membership, if there is one."""
        self._redis.zrem(rooms.key(name, "members"), person.id)
        self._redis.hdel(_read(person), name)

    def end_all(self, person: Person) -> None:
        """End all memberships of a person who goes."""
        for name in self.of(person):
            self._redis.zrem(rooms.key(name, "members"), person.id)
        self._redis.delete(_read(person))


def _read(person: Person) -> str:
    return f"chat:{{people}}:user:{person.id}:read"
