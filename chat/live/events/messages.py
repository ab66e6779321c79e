"""Messages: sending one, reading older ones, and typing."""

import secrets

from chat.domain.messages import log
from chat.errors import ChatError
from chat.live import schemas
from chat.live.base import Base
from chat.live.connections import Connection, address_of_room
from chat.live.events.registry import Answer, on
from chat.live.events.rooms import page_of
from chat.live.events.typing import Typing
from chat.live.message_queue import MessageQueue


class Messages:
    """The events about messages."""

    def __init__(self, worker: Base, queue: MessageQueue) -> None:
        self._chat = worker.chat
        self._queue = queue
        self._typing = Typing(worker.chat.limits)
        on(worker, schemas.SendMessage, self.send)
        on(worker, schemas.History, self.history)
        on(worker, schemas.Typing, self.typing)

    def send(self, connection: Connection, ask: schemas.SendMessage) -> Answer:
        """Post a message."""
        room = ask.room or self._chat.rooms.default
        id = ask.id or secrets.token_urlsafe(12)
        posted = self._chat.messages.post(connection.named, room, ask.msg, id, connection.network)
        if room in connection.typing:
            self.end_typing(connection, room)
        return {"room": room, "epoch": posted.epoch, "seq": posted.seq, "at": posted.at, "id": id}

    def history(self, connection: Connection, ask: schemas.History) -> Answer:
        """A page of a room's log."""
        if ask.before is not None and ask.after is not None:
            raise ChatError("invalid", "Ask for what was before or for what came after, not for both.")
        person = connection.named
        self._chat.budget.check(person)
        if ask.before is not None:
            part = log.before(ask.before, ask.limit)
        elif ask.after is not None:
            part = log.after(ask.after, ask.limit)
        else:
            part = log.latest(ask.limit)
        page = self._chat.log.read(ask.room, part, person)
        return {**page_of(page), "complete": page.complete}

    def typing(self, connection: Connection, ask: schemas.Typing) -> Answer:
        """Tell the others in the room that one types, or no longer."""
        if ask.room not in connection.rooms:
            self._chat.access.member(connection.named, ask.room)
        if not ask.on:
            self.end_typing(connection, ask.room)
        else:
            connection.typing.add(ask.room)
            if self._typing.begins(connection.named.id, ask.room, connection.network):
                self._tell_typing(connection, ask.room, on=True)
        return {}

    def end_typing(self, connection: Connection, room: str) -> None:
        """Tell the others in a room, if they were told that somebody types, that they no longer do."""
        connection.typing.discard(room)
        if self._typing.ends(connection.named.id, room):
            self._tell_typing(connection, room, on=False)

    def _tell_typing(self, connection: Connection, room: str, *, on: bool) -> None:
        payload = {"room": room, "user": connection.named.as_dict(), "on": on}
        self._queue.send("typing", payload, to=address_of_room(room), skip_sid=connection.sid)
