"""Names that were put out: until they are let in, nobody leases them, or one that looks like them."""

import json
import time
import unicodedata

from chat.domain.keys import BANS
from chat.domain.people import names
from chat.errors import ChatError
from chat.store.connection import Store


class Bans:
    """The names that were put out. A claim looks here in the step that would lease the name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str) -> None:
        """Put a name out."""
        since = json.dumps({"name": name, "since": int(time.time())})
        self._store.ask(*(("HSETNX", BANS, form, since) for form in _forms(name)))

    def refusal(self, name: str) -> ChatError | None:
        """What somebody who had this name is told, if it was put out."""
        (found,) = self._store.ask(("HMGET", BANS, *_forms(name)))
        return refusal(name) if any(found) else None

    def lift(self, name: str) -> str | None:
        """Let a name be leased again, and return it as it was put out; None if it was not."""
        kept = next((each["name"] for each in self.all() if set(_forms(each["name"])) & set(_forms(name))), None)
        if kept:
            self._store.ask(("HDEL", BANS, *_forms(kept)))
        return kept

    def all(self) -> list[dict[str, str]]:
        """`name` and `since` (seconds since 1970) of each, by name."""
        (rows,) = self._store.ask(("HVALS", BANS))
        return sorted((json.loads(row) for row in set(rows)), key=lambda each: str(each["name"]).casefold())


def typed(name: str) -> str:
    """A name as somebody typed it, spelled as names are, even if nobody could choose it today."""
    return " ".join(unicodedata.normalize("NFKC", name).split())[: names.LONGEST]


def refusal(name: str) -> ChatError:
    """What somebody who asks for such a name is told."""
    return ChatError("put_out", f"{name} was put out of this chat by the people who run it.")


def _forms(name: str) -> list[str]:
    return sorted(names.forms(name))
