"""What has to be there before a measurement: rooms, and entries in them, put there by the chat's own domain."""

import uuid

from chat.config import Config
from chat.domain import Chat
from chat.domain.people import Person
from chat.store.connection import Store


def make_rooms(url: str, *names: str) -> None:
    """Make rooms of the chat at this Redis."""
    chat, founder = _enter(url)
    for name in names:
        chat.rooms.create(name, "", founder)


def fill(url: str, room: str, entries: int) -> None:
    """Post so many messages to a room of the chat at this Redis."""
    chat, founder = _enter(url)
    chat.memberships.join(founder, room)
    for number in range(entries):
        text = f"Message {number}, and some words, so that it is as long as what people really say to each other."
        chat.messages.post(founder, room, text, f"seed-{number}")


def _enter(url: str) -> tuple[Chat, Person]:
    config = Config(redis_url=url, rate_limit=False)
    chat = Chat(Store(url), config)
    return chat, chat.people.claim(f"Founder {uuid.uuid4().hex[:8]}", "127.0.0.1")
