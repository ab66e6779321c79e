"""Who is here: people with at least one live connection in a room.

A connection in a room is a *link*, and a link is a lease: its worker renews it, a disconnect shortens it to a grace,
and whoever looks next takes those that ran out away. So a reload, a closed tab and a killed worker are all the same
case.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chat.domain import rooms
from chat.domain.people import Person
from chat.store.connection import Store

LEASE = 24.0
"""Seconds for which a link holds unless it is renewed: with the sweep each second, under the 30 that are promised."""
RENEWAL = 8.0
GRACE = 15.0
"""Seconds after a disconnect in which coming back goes unnoticed."""
TELLING = 1.0
"""Seconds between two tellings of what changed in one room."""
SHOWN = 100
"""People listed by name at most."""


@dataclass(frozen=True)
class Here:
    """Who is in a room: how many, and the first of them by name."""

    count: int
    list: "list[dict[str, str]]"


@dataclass(frozen=True)
class Change:
    """What changed in who is in a room since it was last told."""

    count: int
    joined: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)


class Presence:
    """The links of all rooms."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def arrive(self, room: str, links: Iterable[tuple[Person, str]]) -> None:
        """Lease these links, `(person, connection id)` each, or renew them."""
        args = [word for person, connection in links for word in (person.id, connection, person.name)]
        # Redis's Lua takes a bounded number of arguments.
        for start in range(0, len(args), 3000):
            keys = _keys(room, "links", "here", "names", "changes")
            self._store.run("arrive", keys, [int(LEASE * 1000), *args[start : start + 3000]])

    def depart(self, room: str, person: Person, connection: str, *, grace: float = GRACE) -> None:
        """Let the link run out after `grace` seconds."""
        self._store.run("depart", _keys(room, "links"), [int(grace * 1000), f"{person.id} {connection}"])

    def settle(self, room: str) -> Change | None:
        """Take links that ran out away, and return what is to be told now: across all workers once a second at most."""
        news = self._settle(room, int(TELLING * 1000))
        if not news:
            return None
        change = Change(int(news[0]))
        for user, signed in zip(news[1::2], news[2::2], strict=True):
            people = change.joined if signed[0] == "+" else change.left
            people.append({"id": user, "name": signed[1:]})
        return change

    def here(self, room: str) -> Here:
        """Who is in the room."""
        self._settle(room, 0)
        names_key, here_key = _keys(room, "names", "here")
        count = int(self._store.redis.hlen(here_key))
        _, some = self._store.redis.hscan(names_key, count=SHOWN)
        people = sorted(some.items(), key=lambda item: item[1].casefold())[:SHOWN]
        return Here(count, [{"id": user, "name": name} for user, name in people])

    def _settle(self, room: str, telling: int) -> list[Any]:
        keys = _keys(room, "links", "here", "names", "changes", "told")
        return list(self._store.run("settle", keys, [telling]))


def _keys(room: str, *parts: str) -> list[str]:
    return [rooms.key(room, part) for part in parts]
