"""Who and what there is, for the person who runs the chat: counted when asked, a page at a time."""

from dataclasses import asdict, dataclass
from typing import Any

from chat.domain.keys import NAMED, reads
from chat.domain.people.people import People, Person
from chat.domain.rooms.rooms import Rooms
from chat.domain.shards import Shards
from chat.store.connection import Store
from chat.store.errors import Unavailable

# How much is asked for in one round trip, so that nobody else waits long.
AT_ONCE = 500


@dataclass(frozen=True)
class Somebody:
    """A person: whether they are online, when they last were (seconds since 1970; 0: unknown), in how many rooms."""

    name: str
    id: str
    online: bool
    seen: int
    rooms: int

    as_dict = asdict


@dataclass(frozen=True)
class Somewhere:
    """A room: how many belong to it and are here, entries kept, and their bytes in Redis, if it says so."""

    name: str
    topic: str
    members: int
    here: int
    messages: int
    bytes: int | None

    as_dict = asdict


class Census:
    """Looks at everything, and changes nothing."""

    def __init__(self, store: Store, shards: Shards, people: People, rooms: Rooms) -> None:
        self._store = store
        self._shards = shards
        self._people = people
        self._rooms = rooms

    def people(self, like: str = "", start: int = 0, limit: int = 100) -> tuple[int, list[Somebody]]:
        """How many people have `like` in their names, and at most `limit` of them by name, from `start` on."""
        ids = sorted({id for found in self._store.ask(*(("ZRANGE", key, 0, -1) for key in NAMED)) for id in found})
        found = [person for some in _chunks(ids) for person in self._people.several(some)]
        found = sorted((each for each in found if like.casefold() in each.name.casefold()), key=_by_name)
        return len(found), [self._look_at(each) for each in found[start : start + limit]]

    def rooms(self) -> list[Somewhere]:
        """Every room of the list, the default first, then by name."""
        rows = []
        for room in self._rooms.all():
            members, here, log = self._shards.keys(room.id, "members", "here", "log")
            belong, are_here, kept = self._store.ask(("ZCARD", members), ("HLEN", here), ("XLEN", log))
            rows.append(Somewhere(room.id, room.topic, belong, are_here, kept, self._bytes(log)))
        return rows

    def _look_at(self, person: Person) -> Somebody:
        default = self._rooms.default
        seen, rooms = self._store.ask(
            ("ZSCORE", self._shards.key(default, "members"), person.id), ("HKEYS", reads(person.id))
        )
        here = self._store.ask(
            *(("HEXISTS", self._shards.key(room, "here"), person.id) for room in {default, *rooms[:AT_ONCE]})
        )
        return Somebody(person.name, person.id, any(here), int(float(seen or 0)), len(rooms))

    def _bytes(self, key: str) -> int | None:
        try:
            (size,) = self._store.ask(("MEMORY", "USAGE", key, "SAMPLES", 5))
        except Unavailable:
            # Beyond the rights that serving takes.
            return None
        return int(size or 0)


def _by_name(person: Person) -> tuple[str, str]:
    return person.name.casefold(), person.id


def _chunks(ids: list[Any]) -> list[list[Any]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
