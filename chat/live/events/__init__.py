"""The events that a client may send: each checked, done, and answered."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from flask import Flask, Request
from flask_socketio import SocketIO
from socketio import exceptions

from chat import logs
from chat.domain import Chat
from chat.domain.limits.addresses import NETWORK, UNKNOWN
from chat.domain.messages import log
from chat.domain.messages.log import Page, Position
from chat.domain.people import names
from chat.domain.people.people import Person, digest, token_of
from chat.domain.presence import GRACE
from chat.errors import ChatError, internal, not_signed_in, unavailable
from chat.live import schemas
from chat.live.broadcast import Broadcast
from chat.live.connections import PER_PERSON, PLACE_WITHIN, Connection, Connections
from chat.live.delivery.reader import EVERYONE, Delivery, channel
from chat.live.events.typing import Typing
from chat.live.guards import Guards
from chat.store.errors import Unavailable

logger = logging.getLogger(__name__)
Answer = dict[str, Any]
S = TypeVar("S", bound=msgspec.Struct)


def personal(person_id: str) -> str:
    """The Socket.IO room of one person's connections."""
    return f"person:{person_id}"


class Events:
    """The handlers of one worker."""

    def __init__(
        self,
        app: Flask,
        socketio: SocketIO,
        chat: Chat,
        connections: Connections,
        engine: Guards,
        delivery: Delivery,
        broadcast: Broadcast,
        start: Callable[[], None],
    ) -> None:
        self._app = app
        self._start = start
        self._chat = chat
        self._connections = connections
        self._engine = engine
        self._delivery = delivery
        self._broadcast = broadcast
        self._typing = Typing(chat.limits)

        self._server = socketio.server
        # With python-socketio itself: Flask-SocketIO makes a request's context anew for each event, which costs several
        # times what most events do.
        self._server.on("connect", self.connect)
        self._server.on("disconnect", self.disconnect)
        for event, handler in (
            ("setUsername", self._answered("setUsername", schemas.SetUsername, self.set_username)),
            ("join", self._answered("join", schemas.Join, self.join)),
            ("leave", self._answered("leave", schemas.Leave, self.leave)),
            ("sendMessage", self._answered("sendMessage", schemas.SendMessage, self.send_message)),
            ("history", self._answered("history", schemas.History, self.history)),
            ("typing", self._answered("typing", schemas.Typing, self.typing)),
            ("read", self._answered("read", schemas.Read, self.read)),
            ("people", self._answered("people", schemas.People, self.people)),
            ("ping", self._answered("ping", schemas.Ping, self.ping)),
        ):
            self._server.on(event, handler)
        self._server.on("*", self._unknown)

    # Life cycle

    def connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        """Note the connection, and who it is if its cookie says so.

        A store that does not answer ends the connection instead of refusing it: clients come back from that by
        themselves.
        """
        self._start()
        request = Request(environ)
        session = self._app.session_interface.open_session(self._app, request)
        connection = Connection(sid, request.remote_addr or "", network=environ.get(NETWORK, UNKNOWN))
        # That was all that is looked at of them, and a connection may last for days.
        environ.pop("HTTP_COOKIE", None)
        person = self._chat.people.find(session.get("person", "") if session else "")
        self._connections.add(connection)
        if person:
            try:
                self._identify(connection, person)
            except ChatError as error:
                self._connections.remove(sid)
                raise exceptions.ConnectionRefusedError(error.message, error.as_dict()) from None

    def disconnect(self, sid: str, _reason: str = "") -> None:
        """Forget the connection; whoever it was stays here for a grace."""
        connection = self._connections.remove(sid)
        if connection is None or connection.person is None:
            return
        for room in list(connection.typing):
            self._end_typing(connection, connection.person, room)
        try:
            for room in list(connection.rooms):
                grace = 0 if connection.signed_out else GRACE
                self._chat.presence.depart(room, connection.person, connection.sid, grace=grace)
                if connection.signed_out:
                    self._chat.presence.settle(room)
        except Unavailable:
            logger.debug("a departure could not be noted; the lease ends by itself")

    # What a client asks

    def set_username(self, connection: Connection, ask: schemas.SetUsername) -> Answer:
        """Say who one is, and join the default room."""
        answer: Answer = {}
        if connection.person is None:
            if refused := self._chat.limits.spend("claim", connection=connection.sid):
                raise refused
            token = ask.token
            person = self._chat.people.prove(ask.user, token) if token else None
            if person is None:
                token = token_of(ask.id) if ask.id else secrets.token_urlsafe(24)
                person = self._chat.people.claim(ask.user, connection.network, token)
            connection.proof = digest(token)
            self._identify(connection, person)
            answer["token"] = token
        elif names.spelled(ask.user) != connection.person.name:
            raise ChatError("already_named", f"You are {connection.person.name} here.")
        joined = self.join(connection, schemas.Join(room=self._chat.rooms.default))
        return {"user": _person(connection).as_dict(), **answer, **joined}

    def join(self, connection: Connection, ask: schemas.Join) -> Answer:
        """Subscribe this connection to a room, and bring it up to date."""
        person = _person(connection)
        after = ask.after
        part = log.resume(Position(after.epoch, after.seq), ask.limit) if after else log.latest(ask.limit)
        try:
            visit = self._chat.visits.enter(person, ask.room, part, connection.sid, connection.network, again=ask.renew)
        except ChatError as error:
            if error.code == "room_not_found":
                self._delivery.unsubscribe(connection, ask.room)
            raise
        if connection.signed_out:
            # Meanwhile: what was ended must not begin again.
            self._chat.memberships.end_all(person)
            raise not_signed_in()
        page, room = visit.page, visit.page.room
        delivered = self._delivery.subscribe(connection, room.name, visit.n)
        if delivered and (delivered.epoch != page.epoch or delivered.seq > page.head):
            # What came between the reading and the subscription, nobody brought.
            page = self._chat.log.read(room.name, part, person)
        return {
            "topic": room.topic,
            **_page(page),
            "complete": page.complete or after is None,
            **({"reset": True} if page.reset else {}),
            "read": visit.read,
            "people": self._chat.presence.greet(room.name).as_dict(),
        }

    def leave(self, connection: Connection, ask: schemas.Leave) -> Answer:
        """End the membership; the bus tells every worker to let the person's connections hear no more."""
        self._chat.memberships.end(_person(connection), ask.room)
        return {"room": ask.room}

    def send_message(self, connection: Connection, ask: schemas.SendMessage) -> Answer:
        """Post a message."""
        person = _person(connection)
        room = ask.room or self._chat.rooms.default
        id = ask.id or secrets.token_urlsafe(12)
        posted = self._chat.messages.post(person, room, ask.msg, id, connection.network)
        if room in connection.typing:
            self._end_typing(connection, person, room)
        return {"room": room, "epoch": posted.epoch, "seq": posted.seq, "at": posted.at, "id": id}

    def history(self, connection: Connection, ask: schemas.History) -> Answer:
        """A page of a room's log."""
        if ask.before is not None and ask.after is not None:
            raise ChatError("invalid", "Ask for what was before or for what came after, not for both.")
        person = _person(connection)
        self._chat.budget.check(person)
        if ask.before is not None:
            part = log.before(ask.before, ask.limit)
        elif ask.after is not None:
            part = log.after(ask.after, ask.limit)
        else:
            part = log.latest(ask.limit)
        page = self._chat.log.read(ask.room, part, person)
        return {**_page(page), "complete": page.complete}

    def typing(self, connection: Connection, ask: schemas.Typing) -> Answer:
        """Tell the others in the room that one types, or no longer."""
        person = _person(connection)
        if ask.room not in connection.rooms:
            self._chat.access.member(person, ask.room)
        if not ask.on:
            self._end_typing(connection, person, ask.room)
        else:
            connection.typing.add(ask.room)
            if self._typing.begins(person.id, ask.room, connection.network):
                self._tell_typing(connection, person, ask.room, on=True)
        return {}

    def read(self, connection: Connection, ask: schemas.Read) -> Answer:
        """Mark a room as read up to an entry, for all of the person's connections."""
        person = _person(connection)
        read = self._chat.memberships.read(person, ask.room, ask.seq)
        payload = {"room": ask.room, "read": read}
        self._broadcast.send("unread", payload, to=personal(person.id), skip_sid=connection.sid)
        return payload

    def people(self, connection: Connection, ask: schemas.People) -> Answer:
        """A page of who is in a room, in the order of their names."""
        self._chat.access.member(_person(connection), ask.room)
        here = self._chat.presence.here(ask.room, ask.start)
        return {"room": ask.room, **here.as_dict(), "complete": here.complete}

    def ping(self, connection: Connection, ask: schemas.Ping) -> Answer:
        """Answer, so that a client knows that its line still leads here."""
        return {}

    # How it is done

    def _identify(self, connection: Connection, person: Person) -> None:
        others = self._connections.of(person.id)
        if len(others) >= PER_PERSON:
            # Of a tab that died without a word, one place is free again. Of those that live, none is ended: it would
            # come back at once, and end another.
            silent = next((each for each in others if self._engine.silent(each.sid)), None)
            if silent is None:
                said = f"You are connected {len(others)} times already. Close a tab, or try again in a little while."
                raise ChatError("too_many_connections", said, retry_after=PLACE_WITHIN)
            self._engine.close(silent.sid)
        self._connections.identify(connection, person)
        self._server.enter_room(connection.sid, EVERYONE)
        self._server.enter_room(connection.sid, personal(person.id))
        self._engine.identified(connection.sid)

    def _end_typing(self, connection: Connection, person: Person, room: str) -> None:
        connection.typing.discard(room)
        if self._typing.ends(person.id, room):
            self._tell_typing(connection, person, room, on=False)

    def _tell_typing(self, connection: Connection, person: Person, room: str, *, on: bool) -> None:
        payload = {"room": room, "user": person.as_dict(), "on": on}
        self._broadcast.send("typing", payload, to=channel(room), skip_sid=connection.sid)

    def _answered(self, event: str, schema: type[S], act: Callable[[Connection, S], Answer]) -> Callable[..., Answer]:
        def handle(sid: str, *args: Any) -> Answer:
            try:
                answer = {"ok": True, **act(self._connections[sid], schemas.parse(schema, args))}
            except ChatError as error:
                answer = _refusal(error)
            except Unavailable:
                # The store tells the log, once for all.
                answer = _refusal(unavailable())
            except Exception:
                logger.exception("%s failed", event, extra=self._about(sid, event))
                answer = _refusal(internal())
            return answer

        def logged(sid: str, *args: Any) -> Answer:
            began = time.perf_counter()
            answer = handle(sid, *args)
            outcome = "ok" if answer["ok"] else answer["error"]["code"]
            logger.debug("%s: %s", event, outcome, extra=self._about(sid, event, ms=logs.ms_since(began)))
            return answer

        # Asked once: at each message it would be a part of what a message costs.
        return logged if logger.isEnabledFor(logging.DEBUG) else handle

    def _about(self, sid: str, event: str, **more: Any) -> dict[str, Any]:
        """What a line of the log is about, in the form that `logging` takes."""
        about = {"connection": sid, "event": event, **more}
        if sid in self._connections:
            connection = self._connections[sid]
            about["address"] = connection.address
            about["person"] = connection.person.id if connection.person else ""
        return {"about": about}

    def _unknown(self, *_: Any) -> Answer:
        # Without its name: python-socketio leaves it out where somebody calls the catch-all by its own.
        return _refusal(ChatError("unknown_event", "There is no event of that name."))


def _person(connection: Connection) -> Person:
    if connection.person is None:
        raise not_signed_in()
    return connection.person


def _page(page: Page) -> Answer:
    entries = [msgspec.Raw(entry.encode()) for entry in page.entries]
    return {"room": page.room.name, "epoch": page.epoch, "head": page.head, "entries": entries}


def _refusal(error: ChatError) -> Answer:
    return {"ok": False, "error": error.as_dict()}
