"""What people say."""

import unicodedata

from chat.config import Config
from chat.domain.log import Log, Posted
from chat.domain.people import Person
from chat.errors import ChatError


class Messages:
    """Posting messages."""

    def __init__(self, log: Log, config: Config) -> None:
        self._log = log
        self.longest = config.max_message

    def post(self, person: Person, room: str, text: str, id: str) -> Posted:
        """Say `text` in `room`, once for each `id` of this person there.

        Raises:
            ChatError: `message_empty`, `message_too_long`, `room_not_found` or `too_fast`.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
        if not any(unicodedata.category(character)[0] not in "CZ" for character in text):
            raise ChatError("message_empty", "There is nothing in that message.")
        if len(text) > self.longest:
            raise ChatError(
                "message_too_long", f"That message is {len(text):,} characters long; the limit is {self.longest:,}."
            )
        return self._log.append(room, person, id, "message", {"id": id, "user": person.as_dict(), "text": text})
