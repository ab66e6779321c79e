"""Who belongs to which room, how far they have read, and leaving."""

import time
from collections.abc import Iterable

import msgspec

from chat.config import Config
from chat.domain.access import Access
from chat.domain.keys import LINKED, left, reads
from chat.domain.people.people import People, Person
from chat.domain.rooms.rooms import Room
from chat.domain.shards import Shards
from chat.errors import room_not_found
from chat.store.connection import Store
from chat.store.pipe import Command


class Memberships:
    """A membership is a lease like a name's: renewed by being here, gone when it was not used for as long as a name may
    be.
    """

    def __init__(self, store: Store, config: Config, shards: Shards, people: People, access: Access) -> None:
        self._store = store
        self._shards = shards
        self._people = people
        self._access = access
        self._bus_length = config.bus_length
        self.lease = config.name_lease_days * 86_400

    def begin(self, person: Person, room: Room) -> int:
        """Up to where a new member has read: all that was said before counts as read."""
        key = reads(person.id)
        *_, read = self._store.ask(
            ("HSETNX", key, room.id, room.head), *self._people.renewing(person), ("HGET", key, room.id)
        )
        return min(int(read), room.head)

    def of(self, person: Person) -> dict[str, int]:
        """The rooms that `person` is a member of, each with the `seq` read up to."""
        (found,) = self._store.ask(("HGETALL", reads(person.id)))
        return {name: int(read) for name, read in found.items()}

    def read(self, person: Person, name: str, seq: int) -> int:
        """Mark everything up to `seq` as read, and return what is read now: reading never goes back.

        Raises:
            ChatError: `room_not_found`.
        """
        membership = self._access.member(person, name)
        read = max(membership.read, min(seq, membership.room.head))
        self._store.ask(("HSET", reads(person.id), name, read))
        return read

    def renew(self, person: Person, names: Iterable[str]) -> None:
        """Renew the memberships of these rooms, where there still are any."""
        now = time.time()
        if renewed := [("ZADD", self._shards.key(name, "members"), "XX", now, person.id) for name in names]:
            self._store.ask(*renewed)

    def leave(self, person: Person, name: str) -> None:
        """End a membership. Every worker reads on the bus that it ended, and the person hears the room no more.

        Safe to repeat for a minute.

        Raises:
            ChatError: `room_not_found` for somebody who is no member, `invalid` for the default room.
        """
        self._access.refuse_everybodys(name)
        ended, _ = self._store.ask(self._leaving(person, name), ("HDEL", reads(person.id), name))
        if not ended:
            raise room_not_found(name)

    def leave_all(self, person: Person) -> None:
        """End all memberships of a person."""
        self._store.ask(*self.leaving_all(person))

    def leaving_all(self, person: Person) -> list[Command]:
        """The commands that do so."""
        return [*(self._leaving(person, name) for name in self.of(person)), ("DEL", reads(person.id))]

    def _leaving(self, person: Person, name: str) -> Command:
        keys = [
            *self._shards.keys(name, "members", *LINKED),
            *self._shards.bus(name),
            left(self._shards.of(name), person.id),
        ]
        signal = msgspec.json.encode({"user": person.id}).decode()
        return self._store.script("rooms/leave", keys, [person.id, name, signal, self._bus_length])
