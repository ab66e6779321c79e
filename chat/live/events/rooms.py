"""Coming into a room, leaving it, and how far one has read there."""

import msgspec

from chat.domain.messages import log
from chat.domain.messages.log import Page, Position
from chat.errors import ChatError, not_signed_in
from chat.live import schemas
from chat.live.base import Base
from chat.live.connections import Connection, address_of_person
from chat.live.delivery.reader import Delivery
from chat.live.events.registry import Answer, on
from chat.live.message_queue import MessageQueue


class Rooms:
    """What clients ask of rooms."""

    def __init__(self, worker: Base, queue: MessageQueue, delivery: Delivery) -> None:
        self._chat = worker.chat
        self._connections = worker.connections
        self._queue = queue
        self._delivery = delivery
        on(worker, schemas.Join, self.join)
        on(worker, schemas.Leave, self.leave)
        on(worker, schemas.Read, self.read)

    def join(self, connection: Connection, ask: schemas.Join) -> Answer:
        """Subscribe this connection to a room, and bring it up to date."""
        person = connection.named
        after = ask.after
        part = log.resume(Position(after.epoch, after.seq), ask.limit) if after else log.latest(ask.limit)
        try:
            visit = self._chat.visits.enter(person, ask.room, part, connection.sid, connection.network, again=ask.renew)
        except ChatError as error:
            if error.code == "room_not_found":
                self._connections.leave(connection, ask.room)
            raise
        if connection.signed_out:
            # Signed out meanwhile: no membership may begin again.
            self._chat.memberships.leave_all(person)
            raise not_signed_in()
        page, room = visit.page, visit.page.room
        delivered = self._delivery.subscribe(connection, room.id, visit.n)
        if delivered and (delivered.epoch != page.epoch or delivered.seq > page.head):
            # Nobody delivered what came between the reading and the subscription.
            page = self._chat.log.read(room.id, part, person)
        return {
            "topic": room.topic,
            **page_of(page),
            "complete": page.complete or after is None,
            **({"reset": True} if page.reset else {}),
            "read": visit.read,
            "people": self._chat.presence.for_newcomer(room.id).as_dict(),
        }

    def leave(self, connection: Connection, ask: schemas.Leave) -> Answer:
        """End the membership. The bus tells every worker, and the person's connections hear no more of the room."""
        self._chat.memberships.leave(connection.named, ask.room)
        return {"room": ask.room}

    def read(self, connection: Connection, ask: schemas.Read) -> Answer:
        """Mark a room as read up to an entry, for all of the person's connections."""
        person = connection.named
        read = self._chat.memberships.read(person, ask.room, ask.seq)
        payload = {"room": ask.room, "read": read}
        self._queue.send("unread", payload, to=address_of_person(person.id), skip_sid=connection.sid)
        return payload


def page_of(page: Page) -> Answer:
    """A page of a log as it is sent. Its entries are JSON already."""
    entries = [msgspec.Raw(entry.encode()) for entry in page.entries]
    return {"room": page.room.id, "epoch": page.epoch, "head": page.head, "entries": entries}
