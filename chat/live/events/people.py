"""Who connects, who they are, and who is in a room."""

import logging
import secrets
from typing import Any

from flask import Request
from socketio import exceptions

from chat.domain.limits.addresses import NETWORK, UNKNOWN
from chat.domain.people import names
from chat.domain.people.people import Person, digest, token_of
from chat.domain.presence import GRACE
from chat.errors import ChatError
from chat.live import schemas
from chat.live.base import Base
from chat.live.connections import PER_PERSON, PLACE_WITHIN, Connection
from chat.live.events.messages import Messages
from chat.live.events.registry import Answer, on
from chat.live.events.rooms import Rooms
from chat.live.guards import Guards
from chat.store.errors import Unavailable

log = logging.getLogger(__name__)


class People:
    """The events about people."""

    def __init__(self, worker: Base, guards: Guards, rooms: Rooms, messages: Messages) -> None:
        self._worker = worker
        self._guards = guards
        self._chat = worker.chat
        self._connections = worker.connections
        self._rooms = rooms
        self._messages = messages
        worker.server.on("connect", self.connect)
        worker.server.on("disconnect", self.disconnect)
        on(worker, schemas.SetUsername, self.set_username)
        on(worker, schemas.People, self.here)
        on(worker, schemas.Ping, self.ping)

    def connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        """Note the connection, and who it is if its cookie says so.

        A store that does not answer ends the connection instead of refusing it: clients come back from that by
        themselves.
        """
        self._worker.start()
        app, server = self._worker.app, self._worker.server
        request = Request(environ)
        session = app.session_interface.open_session(app, request)
        socket = server.eio.sockets[server.manager.eio_sid_from_sid(sid, "/")]
        connection = Connection(sid, socket, request.remote_addr or "", network=environ.get(NETWORK, UNKNOWN))
        # Nothing looks at the cookies again, and a connection may last for days.
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
        """Forget the connection; its person stays here for a grace."""
        connection = self._connections.remove(sid)
        if connection is None or connection.person is None:
            return
        for room in list(connection.typing):
            self._messages.end_typing(connection, room)
        try:
            for room in list(connection.rooms):
                grace = 0 if connection.signed_out else GRACE
                self._chat.presence.depart(room, connection.person, connection.sid, grace=grace)
                if connection.signed_out:
                    self._chat.presence.settle(room)
        except Unavailable:
            log.debug("a departure could not be noted; the lease ends by itself")

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
        joined = self._rooms.join(connection, schemas.Join(room=self._chat.rooms.default))
        return {"user": connection.named.as_dict(), **answer, **joined}

    def here(self, connection: Connection, ask: schemas.People) -> Answer:
        """A page of who is in a room, in the order of their names."""
        self._chat.access.member(connection.named, ask.room)
        here = self._chat.presence.here(ask.room, ask.start)
        return {"room": ask.room, **here.as_dict(), "complete": here.complete}

    def ping(self, connection: Connection, ask: schemas.Ping) -> Answer:
        """Answer, so that a client knows that it is still connected."""
        return {}

    def _identify(self, connection: Connection, person: Person) -> None:
        others = self._connections.of(person.id)
        if len(others) >= PER_PERSON:
            # A tab that died without a word gives its place up. One that lives does not: it would come back at once,
            # and take another's.
            silent = next((each for each in others if self._worker.sockets.silent(each.socket.sid)), None)
            if silent is None:
                said = f"You are connected {len(others)} times already. Close a tab, or try again in a little while."
                raise ChatError("too_many_connections", said, retry_after=PLACE_WITHIN)
            self._guards.close(silent)
        self._connections.identify(connection, person)
        self._guards.identified(connection)
