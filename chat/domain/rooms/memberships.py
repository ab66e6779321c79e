"""Who belongs to which room, and how far they have read. A room is found through it."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from chat.config import Config
from chat.domain.keys import LINKED, left, reads
from chat.domain.people.people import People, Person
from chat.domain.rooms import rooms
from chat.domain.rooms.rooms import Room, Rooms
from chat.domain.shards import Shards
from chat.errors import room_not_found
from chat.store.connection import Store
from chat.store.pipe import Command

log = logging.getLogger(__name__)


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
    """Everybody may join every room; writing and hearing take a membership.

    A membership is a lease like a name's: renewed by being here, gone when it was not used for as long as a name may
    be. Nobody leaves the default room.
    """

    def __init__(self, store: Store, config: Config, shards: Shards, people: People, rooms: Rooms) -> None:
        self._store = store
        self._shards = shards
        self._key = shards.key
        self._people = people
        self._rooms = rooms
        self._bus_length = config.bus_length
        self.lease = config.name_lease_days * 86_400

    def join(self, person: Person, name: str) -> Membership:
        """Make `person` a member of the room, or renew that they are. What was said before counts as read.

        Raises:
            ChatError: `room_not_found`.
        """
        row = self._store.run(
            "rooms/join", self._shards.keys(name, "", "members"), [person.id, time.time(), self.lease]
        )
        room = rooms.room_of(name, row) if row else None
        if room is None:
            # Fails, unless it is the one room that stands from the start.
            self._rooms.find(name)
            return self.join(person, name)
        return Membership(person, room, self.begin(person, room))

    def begin(self, person: Person, room: Room) -> int:
        """Up to where a member has read, which is all that was said before they joined."""
        key = reads(person.id)
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
            ("HGET", reads(person.id), name),
            ("HMGET", self._key(name), *rooms.FIELDS),
        )
        room = rooms.room_of(name, row)
        if since is None or room is None:
            raise room_not_found(name)
        return Membership(person, room, min(int(read or 0), room.head))

    def of(self, person: Person) -> dict[str, int]:
        """The rooms that `person` is a member of, each with the `seq` read up to."""
        (found,) = self._store.ask(("HGETALL", reads(person.id)))
        return {name: int(read) for name, read in found.items()}

    def read(self, person: Person, name: str, seq: int) -> int:
        """Mark everything up to `seq` as read, and return what is read now: reading never goes back.

        Raises:
            ChatError: `room_not_found`.
        """
        membership = self.find(person, name)
        read = max(membership.read, min(seq, membership.room.head))
        self._store.ask(("HSET", reads(person.id), name, read))
        return read

    def renew(self, person: Person, names: Iterable[str]) -> None:
        """Renew the memberships of these rooms, as far as they still are."""
        now = time.time()
        if renewed := [("ZADD", self._key(name, "members"), "XX", now, person.id) for name in names]:
            self._store.ask(*renewed)

    def missing(self, name: str, ids: Iterable[str]) -> list[str]:
        """Those of the ids whose people are no members of the room (any more); none for a room that is not there."""
        wanted, missing = list(ids), []
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            members = self._key(name, "members")
            there, whole, *known = self._store.ask(
                ("EXISTS", self._key(name)),
                ("EXISTS", members),
                *(("ZSCORE", members, each) for each in some),
                *(("HEXISTS", reads(each), name) for each in some),
            )
            for each, since, was in zip(some, known[: len(some)], known[len(some) :], strict=True):
                # Where all are lost, who was one may be one again: see `regain`.
                if there and since is None and (whole or not was):
                    missing.append(each)
        return missing

    def regain(self, person: Person, name: str) -> bool:
        """Make somebody a member again whose room lost all of its members; returns whether that was so.

        What they have read says that they were one: that is kept beside their name, and ends with the membership.
        """
        if not self._store.ask(("HEXISTS", reads(person.id), name))[0]:
            return False
        outcome = self._store.run("rooms/regain", self._shards.keys(name, "", "members"), [person.id, time.time()])
        if outcome == 2:
            log.warning("%s lost its members; who was one is one again", name)
        return bool(outcome)

    def end(self, person: Person, name: str) -> None:
        """End a membership. Every worker reads on the bus that it ended, and lets nobody hear the room by it any more.

        Safe to repeat for a minute: whoever left just now has left.

        Raises:
            ChatError: `room_not_found` for who is no member, `invalid` for the default room.
        """
        if name == self._rooms.default:
            raise rooms.everybodys(name)
        ended, _ = self._store.ask(self._ending(person, name), ("HDEL", reads(person.id), name))
        if not ended:
            raise room_not_found(name)

    def end_all(self, person: Person) -> None:
        """End all memberships of a person who goes."""
        self._store.ask(*(self._ending(person, name) for name in self.of(person)), ("DEL", reads(person.id)))

    def _ending(self, person: Person, name: str) -> Command:
        keys = [
            *self._shards.keys(name, "members", *LINKED),
            *self._shards.bus(name),
            left(self._shards.of(name), person.id),
        ]
        signal = msgspec.json.encode({"user": person.id}).decode()
        return self._store.script("rooms/leave", keys, [person.id, name, signal, self._bus_length])
