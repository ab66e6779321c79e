"""May this person do that here? Every page, event and command asks here, and the Lua step that does it looks again.

All rooms are public: whoever has a name may look into one, and come in. To hear it, write, type, mark as read and come
back takes a membership. Everybody belongs to the default room, so nobody leaves it, and nobody removes it. Whoever may
not see a room is answered as if there were none.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from chat.domain.keys import reads
from chat.domain.people.people import Person
from chat.domain.rooms.rooms import FIELDS, Room, Rooms, room_of
from chat.domain.shards import Shards
from chat.errors import ChatError, room_not_found
from chat.store.connection import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Membership:
    """A person in a room. `read` is the highest `seq` they have read."""

    person: Person
    room: Room
    read: int


class Access:
    """Who may do what in which room."""

    def __init__(self, store: Store, shards: Shards, rooms: Rooms) -> None:
        self._store = store
        self._shards = shards
        self._rooms = rooms

    def is_everybodys(self, name: str) -> bool:
        """Whether everybody belongs to the room, even those who never came in."""
        return name == self._rooms.default

    def member(self, person: Person, name: str) -> Membership:
        """The membership of `person` in the room. What the store lost of either is there again.

        Raises:
            ChatError: `room_not_found`, also where there is such a room, but not for this person.
        """
        since, read, row = self._store.ask(
            ("ZSCORE", self._shards.key(name, "members"), person.id),
            ("HGET", reads(person.id), name),
            ("HMGET", self._shards.key(name), *FIELDS),
        )
        room = room_of(name, row) or self._rooms.find(name)
        if since is None and (read is None or not self.regain(person, name)):
            raise room_not_found(name)
        return Membership(person, room, min(int(read or 0), room.head))

    def regain(self, person: Person, name: str) -> bool:
        """Make somebody a member again whose room lost all of its members; returns whether that was so.

        To be asked for somebody who has read there: that is kept beside their name, and ends with the membership.
        """
        outcome = self._store.run("rooms/regain", self._shards.keys(name, "", "members"), [person.id, time.time()])
        if outcome == 2:
            log.warning("%s lost its members; whoever was one is one again", name)
        return bool(outcome)

    def strangers(self, name: str, ids: Iterable[str]) -> list[str]:
        """The ids of those who may not hear the room (any more); none for a room that is not there."""
        wanted, strangers = [] if self.is_everybodys(name) else list(ids), []
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            members = self._shards.key(name, "members")
            there, whole, *known = self._store.ask(
                ("EXISTS", self._shards.key(name)),
                ("EXISTS", members),
                *(("ZSCORE", members, each) for each in some),
                *(("HEXISTS", reads(each), name) for each in some),
            )
            for each, since, was in zip(some, known[: len(some)], known[len(some) :], strict=True):
                # Where all are lost, whoever was one may be one again: see `regain`.
                if there and since is None and (whole or not was):
                    strangers.append(each)
        return strangers

    def refuse_everybodys(self, name: str) -> None:
        """For what ends a membership or a room.

        Raises:
            ChatError: `invalid` for the room that everybody belongs to.
        """
        if self.is_everybodys(name):
            said = f"{name} is the room that everybody belongs to: it cannot be left or removed."
            raise ChatError("invalid", said)
