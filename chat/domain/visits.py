"""Coming into a room, by a page or with a connection: what it takes, and what one finds, in one round trip."""

import time
from dataclasses import dataclass

from chat.domain.budget import Budget
from chat.domain.limits import Limits
from chat.domain.log import Page, Part, args_of, page_of
from chat.domain.memberships import Membership, Memberships, reads
from chat.domain.people import People, Person
from chat.domain.presence import LEASE, LINKED, label
from chat.domain.rooms import Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store
from chat.store.pipe import Command


@dataclass(frozen=True)
class Visit:
    """What somebody finds who comes into a room."""

    membership: Membership
    page: Page


class Visits:
    """Comings into rooms."""

    def __init__(
        self,
        store: Store,
        shards: Shards,
        limits: Limits,
        budget: Budget,
        people: People,
        rooms: Rooms,
        memberships: Memberships,
    ) -> None:
        self._store = store
        self._budget = budget
        self._shards = shards
        self._limits = limits
        self._people = people
        self._rooms = rooms
        self._memberships = memberships

    def enter(self, person: Person, name: str, part: Part, connection: str = "", network: str = "") -> Visit:
        """Make `person` a member of the room, or renew that they are and their name; read a part of its log.

        Args:
            connection: the id of the connection that is in the room from now on, if one is.
            network: where they come from.

        Raises:
            ChatError: `room_not_found` or `too_fast`.
        """
        if part.limit:
            self._budget.check(person)
        if refused := self._limits.spend("join", person=person.id, network=network):
            raise refused
        keys = self._shards.keys(name, "", "members", "log", *LINKED)
        lease = self._memberships.lease
        own: list[str | float] = [person.id, time.time(), lease, connection, label(person), int(LEASE * 1000)]
        reading: Command = ("HGET", reads(person), name)
        found, read, *_ = self._store.ask(
            self._store.script("enter", keys, [*own, *args_of(part, self._budget.page)]),
            reading,
            *self._people.renewing(person),
        )
        if not found:
            # Fails, unless it is the one room that stands from the start.
            self._rooms.find(name)
            return self.enter(person, name, part, connection, network)
        page = page_of(name, found)
        self._budget.spend(person, page.size)
        read = self._memberships.begin(person, page.room) if read is None else min(int(read), page.head)
        return Visit(Membership(person, page.room, read), page)
