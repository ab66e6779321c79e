"""What has to be there before a measurement: rooms, people and entries, put there by the chat's own domain."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.store.connection import Store
from chat.store.pipe import Command

ADDRESS = "127.0.0.1"
AT_ONCE = 500
"""Entries that go to Redis at once, so that it never holds everybody up for long."""


class SeedError(RuntimeError):
    """What was to be there is not."""


def make_rooms(url: str, *names: str, shards: int = 1) -> None:
    """Make rooms of the chat at this Redis, which are spread over so many buses."""
    with _chat(url, shards=shards) as chat:
        founder = _founder(chat)
        for name in names:
            chat.rooms.create(name, "", founder)


def fill(url: str, room: str, entries: int) -> None:
    """Post so many messages to an empty room of the chat at this Redis.

    Raises:
        SeedError: they are not there afterwards.
    """
    store = _Unheard(url)
    with _chat(url) as chat, _chat(url, store) as unheard:
        founder = _founder(chat)
        chat.visits.enter(founder, room)
        for number in range(entries):
            text = f"Message {number}, and some words, so that it is as long as what people really say to each other."
            unheard.messages.post(founder, room, text, f"seed-{number}")
        store.send()
        position = chat.log.position(room)
    if position is None or position.seq != entries:
        raise SeedError(f"{room} should have {entries:,} entries, and is at {position}")


def settle_in(url: str, room: str, count: int) -> list[Person]:
    """Have so many people in the chat at this Redis, who are members of the room."""
    with _chat(url) as chat:
        people = [chat.people.claim(f"Regular {number}", ADDRESS) for number in range(count)]
        for person in people:
            chat.visits.enter(person, room)
    return people


class _Unheard(Store):
    """A store that has many functions run in one round trip, so that a hundred thousand posts take seconds.

    Each is answered at once like an entry that was appended; whether it was is seen afterwards.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._waiting: list[Command] = []

    def commit(self, script: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        self._waiting.append(self.script(script, keys, args))
        if len(self._waiting) >= AT_ONCE:
            self.send()
        return ["new", "", 0, 0]

    def send(self) -> None:
        """Have Redis do all that waits."""
        self.ask(*self._waiting)
        self._waiting.clear()


@contextmanager
def _chat(url: str, store: Store | None = None, *, shards: int = 1) -> Iterator[Chat]:
    made = store or Store(url)
    try:
        yield Chat(made, Config(redis_url=url, rate_limit=False, bus_shards=shards))
    finally:
        made.close()


def _founder(chat: Chat) -> Person:
    return chat.people.claim(f"Founder {uuid.uuid4().hex[:8]}", ADDRESS)
