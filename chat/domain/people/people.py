"""People: names, each leased to the id of a person."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chat.config import Config
from chat.domain import keys
from chat.domain.limits.limits import NAMES, UNLIMITED, UNSPOKEN_LEASE, Limits, Pace
from chat.domain.limits.recent import Recent
from chat.domain.people import bans, names
from chat.errors import ChatError
from chat.store.connection import Store
from chat.store.pipe import Command

# Seconds between two renewals of the names that are connected: well under the shortest lease.
RENEWAL = 600.0
# Names that make room for others at a time.
EVICTED = 100


class Voice:
    """What a person's hash has under `spoke`; one without it is of a version that did not ask."""

    NOT_YET = "0"
    HEARD = "1"
    # Of somebody whose lease stays short, whatever they say.
    PASSING = "-"


@dataclass(frozen=True)
class Person:
    """Somebody who has a name here. `id` is random, in lower-case hexadecimal, and never given twice."""

    id: str
    name: str

    def as_dict(self) -> dict[str, str]:
        """The person as the wire carries them."""
        return {"id": self.id, "name": self.name}


class People:
    """The names in use.

    A lease ends when it is given back, or is not used: for `name_lease_days` by somebody who said something once, for
    `UNSPOKEN_LEASE` by anybody else.
    """

    def __init__(self, store: Store, config: Config, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._own_name = config.name
        self.lease = config.name_lease_days * 86_400
        # Of whom it is noted already that they said something.
        self._heard: Recent[bool] = Recent()

    def find(self, person_id: str) -> Person | None:
        """The person with this id, while they hold their name."""
        (name,) = self._store.ask(("HGET", keys.user(person_id), "name")) if person_id else [None]
        return Person(person_id, str(name)) if name else None

    def several(self, ids: list[str]) -> list[Person]:
        """The people with these ids, as far as they hold their names."""
        found = self._store.ask(*(("HGET", keys.user(id), "name") for id in ids)) if ids else []
        return [Person(id, str(name)) for id, name in zip(ids, found, strict=True) if name]

    def called(self, name: str) -> list[Person]:
        """The people who have this name, or one that looks like it."""
        owners = self._store.ask(*(("GET", form) for form in _forms(name)))
        return self.several(sorted({str(owner) for owner in owners if owner}))

    def claim(self, text: str, network: str, token: str = "", *, passing: bool = False) -> Person:
        """Lease the name that `text` asks for, to a user id minted now.

        Args:
            text: as typed.
            network: where the request comes from; claims from one network are limited.
            token: what proves later that one is this person, through `prove`, or by claiming again: the same token has
                the same person, so that a claim whose answer was lost is safe to repeat.
            passing: the lease stays short, whatever they say.

        Raises:
            ChatError: `name_invalid`, `name_reserved`, `name_taken`, `names_full` or `too_fast`.
        """
        try:
            return self._claim(text, network, digest(token) if token else "", passing=passing)
        except ChatError as error:
            if error.code in ("name_invalid", "name_reserved", "name_taken", "put_out"):
                raise self._limits.spend("failed claim", network=network) or error from None
            raise

    def _claim(self, text: str, network: str, proof: str, *, passing: bool) -> Person:
        person = Person(secrets.token_hex(8), names.normalise(text))
        names.refuse_reserved(person.name, self._own_name)
        pace = self._limits.network_pace("name", network)
        voice = Voice.PASSING if passing else Voice.NOT_YET
        outcome, *rest = self._lease(person, proof, voice, network, pace)
        if outcome == "full" and self._make_room():
            outcome, *rest = self._lease(person, proof, voice, network, pace)
        if outcome == "full":
            raise ChatError("names_full", f"There are {NAMES:,} names here, as many as may be. Come back another day.")
        if outcome == "wait":
            raise self._limits.network_error("name", rest[0] / 1000)
        if outcome == "out":
            raise bans.refusal(person.name)
        if outcome == "taken":
            if same := self._holder(rest[0], proof):
                return same
            raise self._taken(person.name, rest[0])
        return person

    def _lease(self, person: Person, proof: str, voice: str, network: str, pace: Pace) -> list[Any]:
        lease = self.lease if voice == Voice.HEARD else UNSPOKEN_LEASE
        touched = [keys.user(person.id), *keys.NAMED, keys.name_pace(network), keys.BANS, *_forms(person.name)]
        own: list[str | float] = [person.id, person.name, proof, voice, lease, NAMES, *pace]
        found: list[Any] = self._store.run("people/claim", touched, [*own, *sorted(names.forms(person.name))])
        return found

    def _make_room(self) -> bool:
        """Take back names of people who never said anything and are not here; returns whether there were any."""
        (ids,) = self._store.ask(("ZRANGE", keys.UNSPOKEN, 0, EVICTED - 1))
        found = self._store.ask(*(("HGET", keys.user(id), "name") for id in ids))
        absent = time.time() + UNSPOKEN_LEASE - 2 * RENEWAL
        gone = [
            self._store.run("people/release", self._keys(Person(id, name)), [id, absent])
            for id, name in zip(ids, found, strict=True)
            if name
        ]
        return any(gone)

    def prove(self, text: str, token: str) -> Person | None:
        """The person who has exactly this name and this token, if there is one."""
        # Also of a name that would be refused today.
        name = names.spelled(text)
        (owner,) = self._store.ask(("GET", _forms(name)[0]))
        person = self._holder(str(owner), digest(token)) if owner and token else None
        return person if person and person.name == name else None

    def renew(self, *people: Person) -> None:
        """Start their leases anew, as being here does."""
        for start in range(0, len(people), 100):
            commands = [command for each in people[start : start + 100] for command in self.renewing(each)]
            self._store.ask(*commands)

    def renewing(self, person: Person) -> list[Command]:
        """The commands that start the lease anew, and that of how far they have read."""
        return [self._store.script("people/renew", self._keys(person), [person.id, self.lease, UNSPOKEN_LEASE])]

    def spoke(self, person: Person) -> None:
        """Note that somebody said something: their name is kept for long from now on."""
        if person.id not in self._heard:
            self._store.run("people/speak", self._keys(person), [person.id, self.lease])
            self._heard.put(person.id, True)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """The ids of those that nobody has (any more)."""
        wanted = list(ids)
        missing: list[str] = []
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            known = self._store.ask(*(("EXISTS", keys.user(each)) for each in some))
            missing += [each for each, there in zip(some, known, strict=True) if not there]
        return missing

    def restore(self, person: Person, proof: str) -> bool:
        """Lease the name to the same person again, after the store lost it; False if it is somebody else's by now.

        Args:
            proof: the `digest` of the person's token; empty for a browser's person.
        """
        voice = Voice.HEARD if person.id in self._heard else Voice.NOT_YET
        return bool(self._lease(person, proof, voice, "", UNLIMITED)[0] == "leased")

    def releasing(self, person: Person) -> list[Command]:
        """The command that gives the name back. The id is nobody's from then on."""
        return [self._store.script("people/release", self._keys(person), [person.id, "+inf"])]

    def _keys(self, person: Person) -> list[str]:
        """All that is kept of a person and their name."""
        return [keys.user(person.id), keys.reads(person.id), *keys.NAMED, *_forms(person.name)]

    def _holder(self, person_id: str, proof: str) -> Person | None:
        """The person with this id, if this is the digest of their token."""
        ((name, known),) = self._store.ask(("HMGET", keys.user(person_id), "name", "token"))
        if proof and name and known and hmac.compare_digest(str(known), proof):
            return Person(person_id, str(name))
        return None

    def _taken(self, name: str, owner_id: str) -> ChatError:
        owner = self.find(owner_id)
        if owner is None or owner.name.casefold() == name.casefold():
            return ChatError("name_taken", f"{name} is taken. Try another.")
        return ChatError("name_taken", f"That looks like {owner.name}, who is already here. Try another.")


def _forms(name: str) -> list[str]:
    return [keys.form(form) for form in sorted(names.forms(name))]


def token_of(claim: str) -> str:
    """The token of whoever is claimed under this id, which is as secret as the token."""
    return hashlib.sha256(f"the token of {claim}".encode()).hexdigest()


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
