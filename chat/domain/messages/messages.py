"""What people say."""

from chat import text as texts
from chat.config import Config
from chat.domain.access import Access
from chat.domain.messages.log import Log, Posted
from chat.domain.people.people import People, Person
from chat.errors import ChatError


class Messages:
    """Posting messages."""

    def __init__(self, log: Log, config: Config, people: People, access: Access) -> None:
        self._log = log
        self._access = access
        self._people = people
        self.longest = config.max_message

    def post(self, person: Person, room: str, text: str, id: str, network: str = "") -> Posted:
        """Say `text` in `room`, once for each `id` that this person gives there.

        Args:
            network: where it comes from.

        Raises:
            ChatError: `message_empty`, `message_too_long`, `room_not_found` or `too_fast`.
        """
        text = texts.cleaned(text).rstrip()
        if texts.is_empty(text):
            raise ChatError("message_empty", "There is nothing in that message.")
        if len(text) > self.longest:
            raise ChatError(
                "message_too_long", f"That message is {len(text):,} characters long; the limit is {self.longest:,}."
            )
        fields = {"id": id, "user": person.as_dict(), "text": text}
        try:
            posted = self._log.append(room, person, id, "message", fields, network)
        except ChatError as error:
            if error.code != "room_not_found":
                raise
            # Raises, unless the store lost the membership, and has it again.
            self._access.member(person, room)
            posted = self._log.append(room, person, id, "message", fields, network)
        # Where this fails, the message is repeated under its id, and this with it.
        self._people.spoke(person)
        return posted
