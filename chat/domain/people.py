"""Who takes part: a name, leased to a user id."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from chat.config import Config
from chat.domain import names
from chat.domain.limits import Limits
from chat.errors import ChatError
from chat.store.connection import Store
from chat.store.pipe import Command


@dataclass(frozen=True)
class Person:
    """Somebody who has a name here. `id` is random, in lower-case hexadecimal, and never given twice."""

    id: str
    name: str

    def as_dict(self) -> dict[str, str]:
        """The person as the wire carries them."""
        return {"id": self.id, "name": self.name}


class People:
    """The names in use. A lease ends when it is given back, or is not used for `name_lease_days`."""

    def __init__(self, store: Store, config: Config, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self.lease = config.name_lease_days * 86_400

    def find(self, person_id: str) -> Person | None:
        """The person with this id, while they hold their name."""
        (name,) = self._store.ask(("HGET", _user(person_id), "name")) if person_id else [None]
        return Person(person_id, str(name)) if name else None

    def claim(self, text: str, address: str, token: str = "") -> Person:
        """Lease the name that `text` asks for, to a user id minted now.

        Args:
            text: as typed.
            address: where the request comes from; claims from one address are limited.
            token: what proves later, through `prove`, that one is this person; none for a browser, whose cookie does.

        Raises:
            ChatError: `name_invalid`, `name_reserved`, `name_taken` or `too_fast`.
        """
        name = names.normalise(text)
        self._limits.take("name", address)
        person = Person(secrets.token_hex(8), name)
        proof = digest(token) if token else ""
        owner = self._store.run("claim", [_user(person.id), *_forms(name)], [person.id, name, proof, self.lease])
        if owner:
            raise self._taken(name, str(owner))
        return person

    def prove(self, text: str, token: str) -> Person | None:
        """The person who has exactly this name and this token, if there is one."""
        name = names.normalise(text)
        (owner,) = self._store.ask(("GET", _forms(name)[0]))
        if not owner:
            return None
        ((known, proof),) = self._store.ask(("HMGET", _user(str(owner)), "name", "token"))
        if known == name and proof and hmac.compare_digest(str(proof), digest(token)):
            return Person(str(owner), name)
        return None

    def renew(self, person: Person) -> None:
        """Start the lease anew, as being here does."""
        self._store.ask(*self.renewing(person))

    def renewing(self, person: Person) -> list[Command]:
        """The commands that start the lease anew."""
        return [("EXPIRE", key, self.lease) for key in (_user(person.id), *_forms(person.name))]

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that nobody has (any more)."""
        wanted = list(ids)
        missing: list[str] = []
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            known = self._store.ask(*(("EXISTS", _user(each)) for each in some))
            missing += [each for each, there in zip(some, known, strict=True) if not there]
        return missing

    def restore(self, person: Person, proof: str) -> bool:
        """Lease the name to the same person again, after the store lost it; False if it is somebody else's by now.

        Args:
            proof: the `digest` of the person's token; empty for a browser's person.
        """
        keys = [_user(person.id), *_forms(person.name)]
        return not self._store.run("claim", keys, [person.id, person.name, proof, self.lease])

    def release(self, person: Person) -> None:
        """Give the name back. The id is nobody's from now on."""
        self._store.run("release", [_user(person.id), *_forms(person.name)], [person.id])

    def _taken(self, name: str, owner_id: str) -> ChatError:
        owner = self.find(owner_id)
        if owner is None or owner.name.casefold() == name.casefold():
            return ChatError("name_taken", f"{name} is taken. Try another.")
        return ChatError("name_taken", f"That looks like {owner.name}, who is already here. Try another.")


def _user(person_id: str) -> str:
    return f"chat:{{people}}:user:{person_id}"


def _forms(name: str) -> list[str]:
    return [f"chat:{{people}}:name:{form}" for form in sorted(names.forms(name))]


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
