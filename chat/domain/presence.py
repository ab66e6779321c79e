"""Who is here: people with at least one live connection in a room.

A connection in a room is a *link*, and a link is a lease: its worker renews it, a disconnect shortens it to a grace,
and whoever looks next takes away those that ran out. So a reload, a closed tab and a killed worker are all the same
case. What changed goes over the bus, in the step that takes it from the store: no worker misses it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from chat.config import Config
from chat.domain.keys import LINKED
from chat.domain.people.people import Person
from chat.domain.shards import Shards
from chat.store.connection import Store
from chat.store.errors import Unavailable
from chat.store.pipe import Command

# Seconds for which a link holds unless it is renewed: with the sweep each second, under the 30 that are promised.
LEASE = 24.0
RENEWAL = 8.0
# Seconds after a disconnect in which coming back goes unnoticed.
GRACE = 15.0
# The least seconds between two tellings of what changed in a room, and in one with more than `SHOWN` people.
TELLING = 1.0
TELLING_CROWD = 5.0
# The most people that are listed by name, also on one page of the list.
SHOWN = 100


@dataclass(frozen=True)
class Here:
    """Who is in a room: how many, and some of them, sorted by name; `complete` says that nobody comes after those."""

    count: int
    list: "list[dict[str, str]]"
    complete: bool

    def as_dict(self) -> dict[str, object]:
        """As the wire carries it."""
        return {"count": self.count, "list": self.list}


class Presence:
    """The links of all rooms."""

    def __init__(self, store: Store, config: Config, shards: Shards) -> None:
        self._store = store
        self._shards = shards
        self._bus_length = config.bus_length
        self._crowds: dict[str, tuple[float, Here]] = {}

    def arrive(self, room: str, links: Iterable[tuple[Person, str]]) -> None:
        """Lease or renew these links, `(person, connection id)` each; those of others than members are not."""
        args = [word for person, connection in links for word in (person.id, connection, label(person))]
        # Redis's Lua takes a bounded number of arguments.
        for start in range(0, len(args), 3000):
            keys = self._shards.keys(room, "members", *LINKED)
            self._store.run("presence/arrive", keys, [int(LEASE * 1000), *args[start : start + 3000]])

    def depart(self, room: str, person: Person, connection: str, *, grace: float = GRACE) -> None:
        """Let the link run out after `grace` seconds."""
        self._store.run(
            "presence/depart", self._shards.keys(room, "links"), [int(grace * 1000), f"{person.id} {connection}"]
        )

    def settle(self, room: str) -> str | None:
        """Take away links that ran out, and tell what changed, over all workers at most once in `TELLING` seconds.

        Returns:
            The `presence` event that was put on the bus, as JSON.
        """
        (event,) = self._store.ask(self._settling(room, TELLING))
        return str(event) if event else None

    def here(self, room: str, start: int = 0) -> Here:
        """Who is in the room, `SHOWN` of them from the one with the number `start`."""
        return self._look(room, start, telling=0)

    def for_newcomer(self, room: str) -> Here:
        """Who is in a room that somebody just came into, which tells the others of it too.

        A crowd is shown as it was a moment ago: thousands who come at once would ask for the same hundred names.
        """
        seen, here = self._crowds.get(room, (0.0, None))
        if here is None or time.monotonic() - seen > TELLING:
            here = self._look(room, 0, telling=TELLING)
            if here.complete:
                self._crowds.pop(room, None)
            else:
                self._crowds[room] = (time.monotonic(), here)
        return here

    def _look(self, room: str, start: int, *, telling: float) -> Here:
        roll = self._shards.key(room, "roll")
        looking: list[Command] = [("ZCARD", roll), ("ZRANGE", roll, start, start + SHOWN - 1)]
        try:
            _, count, members = self._store.ask(self._settling(room, telling), *looking)
        except Unavailable as error:
            if not error.reads:
                raise
            # As it was when the store last took a write.
            count, members = self._store.ask(*looking)
        people = [dict(zip(("name", "id"), member.split("\0")[1:], strict=True)) for member in members]
        return Here(count, people, complete=start + len(people) >= count)

    def _settling(self, room: str, telling: float) -> Command:
        keys = [*self._shards.keys(room, *LINKED, "told"), *self._shards.bus(room)]
        args: list[str | int] = [int(telling * 1000), int(TELLING_CROWD * 1000), SHOWN, room, self._bus_length]
        return self._store.script("presence/settle", keys, args)


def label(person: Person) -> str:
    """What people are sorted by, a NUL, which stands in no name, and the name."""
    return f"{person.name.casefold()}\0{person.name}"
