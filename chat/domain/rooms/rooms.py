"""Rooms: a name, what it is about, and the epoch and head of its log."""

import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from chat import text as texts
from chat.config import Config, ConfigError
from chat.domain.bus import Bus
from chat.domain.keys import MAKERS, ROOMS, UNLISTED
from chat.domain.limits.limits import ROOM_SHARE, Limits
from chat.domain.people import names
from chat.domain.people.people import Person
from chat.domain.shards import Shards
from chat.errors import ChatError, room_not_found
from chat.store.connection import Store

LONGEST_NAME = 32
LONGEST_TOPIC = 200
FIELDS = ("topic", "epoch", "head")


@dataclass(frozen=True)
class Room:
    """A room as it was when looked up, by its `id`; people see its `title`. `head` is the `seq` of its newest entry."""

    id: str
    topic: str
    epoch: str
    head: int

    @property
    def title(self) -> str:
        """What people see, which is the id."""
        return self.id


class Rooms:
    """All rooms of the chat. The default room stands from the start.

    Raises:
        ConfigError: no room can be called what `CHAT_DEFAULT_ROOM` says.
    """

    def __init__(self, store: Store, config: Config, shards: Shards, limits: Limits, bus: Bus) -> None:
        self._store = store
        self._shards = shards
        self._key = shards.key
        self._bus_length = config.bus_length
        self._limits = limits
        self._bus = bus
        self._most = config.max_rooms
        self.default = _default(config)

    def find(self, name: str) -> Room:
        """The room of this name.

        Raises:
            ChatError: `room_not_found`.
        """
        room = self._read(name)
        if room is None:
            if not self.new_epoch(name) and name == self.default:
                # Another worker may do so at the same moment: either way it is there then.
                self._make(name, "")
            room = self._read(name)
        if room is None:
            raise room_not_found(name)
        return room

    def all(self) -> list[Room]:
        """Every room, the default first, then by name."""
        self.find(self.default)
        (names,) = self._store.ask(("ZRANGE", ROOMS, 0, -1))
        listed = sorted(names, key=lambda name: (name != self.default, name))
        rows = self._store.ask(*(("HMGET", self._key(name), *FIELDS) for name in listed))
        return [room for name, row in zip(listed, rows, strict=True) if (room := room_of(name, row))]

    def create(self, text: str, topic: str, person: Person, network: str = "", *, id: str = "") -> Room:
        """Make a room, and tell everyone who is connected.

        Args:
            network: where the request comes from; rooms made from one network are limited.
            id: makes it safe to repeat: the same person with the same id has made the room already.

        Raises:
            ChatError: `room_invalid`, `room_taken`, `rooms_full` or `too_fast`.
        """
        name, topic = normalise(text), topic_of(topic)
        self._refuse_twin(name)
        maker = f"{person.id} {id}" if id else ""
        # A repeat is no other room, and counts for none.
        if not maker or self._store.ask(("HGET", self._key(name), "maker"))[0] != maker:
            self._limits.take("room", person.id, network)
        share = max(1, self._most // ROOM_SHARE)
        outcome = self._store.run("rooms/list", [ROOMS, MAKERS], [name, network, self._most, share])
        if outcome == "full":
            raise ChatError("rooms_full", f"There are {self._most} rooms, as many as this chat may have.")
        if outcome == "shared":
            raise ChatError(
                "rooms_full",
                f"{share} of the {self._most} rooms that this chat may have were made from your network, "
                "and others need the rest.",
            )
        if not self._make(name, topic, maker):
            raise ChatError("room_taken", f"There is a room called {name} already.")
        self._bus.signal("room", {"name": name, "topic": topic})
        return self.find(name)

    def create_unlisted(self, text: str, seconds: float) -> Room:
        """Make a room that no list shows, under a unique name. It goes by itself after so many seconds."""
        name = f"{normalise(text)}-{secrets.token_hex(6)}"
        # Noted first: whoever makes it may be stopped at any time.
        self._store.ask(("ZADD", UNLISTED, time.time() + seconds, name))
        self._make(name, "", listed=False)
        return self.find(name)

    def _refuse_twin(self, name: str) -> None:
        """Refuse a name that could be taken for another room's, however long that has been there.

        Of two such rooms that are made at the same moment neither sees the other.
        """
        form = _form(name)
        for other in {self.default, *self._store.ask(("ZRANGE", ROOMS, 0, -1))[0]} - {name}:
            if _form(other) == form:
                raise ChatError("room_taken", f"That looks like {other}, which is a room already. Try another name.")

    def new_epoch(self, name: str, *, always: bool = False) -> bool:
        """Give a room another epoch, `always` or where the store threw a part of it away, and tell its clients.

        Returns:
            Whether that was done; not where there is no such room, or nothing is missing.
        """
        keys = [
            *self._shards.keys(name, "", "members", "log", "sent"),
            *self._shards.bus(name),
        ]
        signal = msgspec.json.encode({"room": name}).decode()
        args: list[str | int] = [name, secrets.token_hex(8), signal, self._bus_length, "1" if always else ""]
        return bool(self._store.run("rooms/new_epoch", keys, args))

    def _make(self, name: str, topic: str, maker: str = "", *, listed: bool = True) -> bool:
        if self.new_epoch(name):
            return False
        made = self._store.run("rooms/make", [self._key(name)], [secrets.token_hex(8), topic, time.time(), maker])
        # Repeated for a room that is there: whoever made it may have been stopped before this line.
        if listed:
            self._store.ask(("ZADD", ROOMS, 0, name))
        return bool(made)

    def _read(self, name: str) -> Room | None:
        return room_of(name, self._store.ask(("HMGET", self._key(name), *FIELDS))[0])


def normalise(text: str) -> str:
    """The room's name that `text` asks for: NFKC, lower case, words joined by hyphens.

    Raises:
        ChatError: `room_invalid`, with the reason.
    """
    typed = " ".join(text.split())
    if not typed:
        raise ChatError("room_invalid", "Type a name for the room first.")
    if len(typed) > names.LONGEST_TYPED:
        raise _too_long(typed)
    name = names.PRESENTATION.sub("", unicodedata.normalize("NFKC", typed)).lstrip("# ").lower()
    name = re.sub(r"[\s_-]+", "-", name).strip("-")
    if not any(unicodedata.category(character)[0] in "LN" and texts.draws(character) for character in name):
        raise ChatError("room_invalid", "A room's name needs at least one letter or digit.")
    if len(name) > LONGEST_NAME:
        raise _too_long(name)
    for character in name:
        if character not in "-" + texts.JOINERS and unicodedata.category(character)[0] not in "LNM":
            raise ChatError(
                "room_invalid", f"A room's name has letters, digits and hyphens; {_shown(character)} is none of them."
            )
    blank = next((character for character in name if texts.BLANK.match(character)), "")
    if invisible := blank or texts.stray_joiner(name):
        raise ChatError(
            "room_invalid", f"That name contains an invisible character ({texts.code(invisible)}). Type it without."
        )
    if names.too_many_marks(name):
        raise ChatError("room_invalid", f"At most {names.ACCENTS_IN_A_ROW} accents can stand on one letter.")
    return name


def _default(config: Config) -> str:
    try:
        return normalise(config.default_room)
    except ChatError as error:
        raise ConfigError(
            f"CHAT_DEFAULT_ROOM is {config.default_room!r}, but must be what a room can be called: {error.message}"
        ) from None


def topic_of(text: str) -> str:
    """The topic that `text` asks for: NFC, on one line. It may have joiners and the letters of flags, as any text.

    Raises:
        ChatError: `room_invalid`, with the reason.
    """
    topic = " ".join(texts.cleaned(text).split())
    if len(topic) > LONGEST_TOPIC:
        said = f"That topic is {len(topic)} characters long; it may have {LONGEST_TOPIC}."
        raise ChatError("room_invalid", said, field="topic")
    topic = unicodedata.normalize("NFC", topic)
    if hidden := texts.hidden(topic):
        said = f"That topic contains an invisible character ({texts.code(hidden)}). Type it without."
        raise ChatError("room_invalid", said, field="topic")
    return topic


@lru_cache(maxsize=16_384)
def _form(name: str) -> str:
    return names.folded(name)


def _too_long(name: str) -> ChatError:
    return ChatError("room_invalid", f"That is {len(name)} characters long; a room's name has at most {LONGEST_NAME}.")


def room_of(name: str, row: list[Any]) -> Room | None:
    """The room whose `FIELDS` are these; None if there is none."""
    topic, epoch, head = row
    return Room(name, topic or "", epoch, int(head)) if epoch else None


def _shown(character: str) -> str:
    return f"“{character}”" if character.isprintable() else texts.code(character)
