"""Coming into a room, or looking into it: what one finds there, in one round trip.

Coming in makes one a member, which an act of one's own does alone; coming back takes the membership that there was;
looking makes nobody a member. See `access`.
"""

import time
from dataclasses import dataclass

from chat.domain.access import Access, Membership
from chat.domain.keys import LINKED, reads
from chat.domain.limits.budget import Budget
from chat.domain.limits.limits import Limits
from chat.domain.messages.log import Log, Page, Part, args_of, latest, page_of
from chat.domain.people.people import People, Person
from chat.domain.presence import LEASE, label
from chat.domain.rooms.memberships import Memberships
from chat.domain.rooms.rooms import Rooms
from chat.domain.shards import Shards
from chat.errors import ChatError
from chat.store.connection import Store
from chat.store.errors import Unavailable
from chat.store.pipe import Command

# The part of a log for whoever comes in and does not read.
NOTHING = latest(0)


@dataclass(frozen=True)
class Visit:
    """What somebody finds in a room. `n` is the number of the newest item on its bus, `membership` None for a look from
    outside."""

    membership: Membership | None
    page: Page
    n: int

    @property
    def read(self) -> int:
        """The highest `seq` that they have read; from outside nothing counts as unread."""
        return self.membership.read if self.membership else self.page.head


class Visits:
    """Coming into rooms, and looking into them."""

    def __init__(
        self,
        store: Store,
        shards: Shards,
        limits: Limits,
        budget: Budget,
        people: People,
        rooms: Rooms,
        access: Access,
        memberships: Memberships,
        log: Log,
    ) -> None:
        self._store = store
        self._budget = budget
        self._shards = shards
        self._limits = limits
        self._people = people
        self._rooms = rooms
        self._access = access
        self._memberships = memberships
        self._log = log

    def enter(
        self,
        person: Person,
        name: str,
        part: Part = NOTHING,
        connection: str = "",
        network: str = "",
        *,
        again: bool = False,
    ) -> Visit:
        """Make `person` a member of the room, or renew that they are and their name; read a part of its log.

        Args:
            connection: the id of the connection that is in the room from now on, if one is.
            network: where they come from.
            again: whether they only come back, which takes that they are a member still.

        Raises:
            ChatError: `room_not_found` or `too_fast`.
        """
        self._admit(person, part, network)
        return self._visit(person, name, part, "renew" if again else "join", connection)

    def look(self, person: Person, name: str, part: Part, network: str = "") -> Visit:
        """Read a part of the room's log, as a member or from outside.

        Raises:
            ChatError: `room_not_found` or `too_fast`.
        """
        self._admit(person, part, network)
        return self._visit(person, name, part, "look")

    def _admit(self, person: Person, part: Part, network: str) -> None:
        if part.limit:
            self._budget.check(person)
        if refused := self._limits.spend("join", person=person.id, network=network):
            raise refused

    def _visit(self, person: Person, name: str, part: Part, how: str, connection: str = "") -> Visit:
        keys = [*self._shards.keys(name, "", "members", "log", *LINKED), self._shards.bus(name)[1]]
        lease = self._memberships.lease
        if self._access.is_everybodys(name):
            how = "join"
        own: list[str | float] = [person.id, time.time(), lease, connection, label(person), int(LEASE * 1000)]
        reading: Command = ("HGET", reads(person.id), name)
        try:
            found, read, *_ = self._store.ask(
                self._store.script("rooms/enter", keys, [how, *own, *args_of(part, self._budget.page)]),
                reading,
                *self._people.renewing(person),
                weight=self._budget.heaviest if part.limit else 0,
            )
        except Unavailable as error:
            if error.reads and (visit := self._read(person, name, part, how)):
                return visit
            raise
        if not found:
            # Either raises, unless the store lost what was there, and has it again.
            if how == "renew":
                self._access.member(person, name)
            else:
                self._rooms.find(name)
            return self._visit(person, name, part, how, connection)
        member, n, *of_page = found
        page = page_of(name, of_page)
        self._budget.spend(person, page.size)
        if not member:
            if read is not None and self._access.regain(person, name):
                return self._visit(person, name, part, how, connection)
            return Visit(None, page, int(n))
        read = self._memberships.begin(person, page.room) if read is None else min(int(read), page.head)
        return Visit(Membership(person, page.room, read), page, int(n))

    def _read(self, person: Person, name: str, part: Part, how: str) -> Visit | None:
        """The visit where the store takes no writes, so that leases wait; None for somebody who cannot come in so."""
        try:
            membership = self._access.member(person, name)
        except ChatError:
            return Visit(None, self._log.read(name, part), 0) if how == "look" else None
        return Visit(membership, self._log.read(name, part, person), 0)
