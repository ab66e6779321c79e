"""What the chat is about: one noun a file, and its Redis keys in one. Knows nothing of Flask or Socket.IO."""

from chat.config import Config
from chat.domain.access import Access
from chat.domain.bus import Bus
from chat.domain.limits.budget import Budget
from chat.domain.limits.limits import Limits
from chat.domain.messages.log import Log
from chat.domain.messages.messages import Messages
from chat.domain.people.bans import Bans, refusal, typed
from chat.domain.people.people import People, Person
from chat.domain.presence import Presence
from chat.domain.rooms.memberships import Memberships
from chat.domain.rooms.removals import Removals
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.visits import Visits
from chat.domain.shards import Shards
from chat.domain.upkeep.census import Census
from chat.domain.upkeep.retention import Retention
from chat.domain.upkeep.sweep import Sweep
from chat.errors import ChatError
from chat.store.connection import Store


class Chat:
    """Everything that can be asked of the chat, each noun by its name."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.shards = shards = Shards(config)
        self.bus = Bus(store, config, shards)
        self.limits = Limits(store, config)
        self.budget = Budget(config)
        self.people = People(store, config, self.limits)
        self.bans = Bans(store)
        self.rooms = Rooms(store, config, shards, self.limits, self.bus)
        self.access = Access(store, shards, self.rooms)
        self.removals = Removals(store, config, shards, self.access)
        self.memberships = Memberships(store, config, shards, self.people, self.access)
        self.log = Log(store, config, shards, self.limits, self.budget, self.rooms)
        self.retention = Retention(store, config, shards, self.rooms)
        self.messages = Messages(self.log, config, self.people, self.access)
        self.presence = Presence(store, config, shards)
        self.visits = Visits(
            store, shards, self.limits, self.budget, self.people, self.rooms, self.access, self.memberships, self.log
        )
        self.sweep = Sweep(store, shards, self.people, self.rooms, self.removals)
        self.census = Census(store, shards, self.people, self.rooms)

    def called(self, name: str) -> Person | None:
        """The person of this name, in whatever case it is written; None if nobody has it.

        Raises:
            ChatError: `name_taken` where somebody has a name that looks like it, which is not meant then.
        """
        alike = self.people.called(typed(name))
        for person in alike:
            if person.name.casefold() == typed(name).casefold():
                return person
        if alike:
            raise ChatError("name_taken", f"Nobody is called {name}, but somebody is called {alike[0].name}.")
        return None

    def put_out(self, name: str) -> str:
        """Put a name out: nobody may have it, and whoever has it is signed out. Returns the name.

        Raises:
            ChatError: `name_invalid` where there is none; `name_taken`, see `called`.
        """
        person = self.called(name)
        out = person.name if person else typed(name)
        if not out:
            raise ChatError("name_invalid", "Say which name.")
        self.bans.add(out)
        # Again, as somebody may have leased it just before.
        if person := self.called(out):
            self.sign_out(person.id, refusal(out).message)
        return out

    def sign_out(self, person_id: str, message: str = "") -> None:
        """Give a person's name back, end their memberships, and have every worker close their connections.

        In one round trip: all of it is done, or nothing, whatever ends this process. It cannot be one Lua step, as
        names, rooms and the bus for everybody may be in different slots.

        Args:
            message: what they are told, where it was not they who left.
        """
        person = self.people.find(person_id)
        if person is None:
            return
        self.store.ask(
            *self.memberships.leaving_all(person),
            *self.people.releasing(person),
            *self.bus.signalling("signedOut", {"user": person.id, "message": message}),
        )
