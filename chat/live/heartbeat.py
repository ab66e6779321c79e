"""What one worker does each second: deadlines, the leases of its connections, and seeing who came and went."""

import logging
import time

from flask_socketio import SocketIO

from chat.domain import Chat, people, presence
from chat.live.connections import Connections
from chat.live.engine import Engine
from chat.store.errors import Unavailable

BEAT = 1.0
MEMBERSHIP_RENEWAL = 3600.0
"""Seconds between two renewals of the memberships of who is connected."""

log = logging.getLogger(__name__)


class Heartbeat:
    """One periodic task a worker, for everything that goes by time."""

    def __init__(self, socketio: SocketIO, chat: Chat, connections: Connections, engine: Engine) -> None:
        self._socketio = socketio
        self._chat = chat
        self._connections = connections
        self._engine = engine

    def start(self) -> None:
        """Begin to beat, once a worker serves."""
        self._socketio.start_background_task(self._run)

    def _run(self) -> None:
        links_renewed = names_renewed = memberships_renewed = time.monotonic()
        while True:
            self._socketio.sleep(BEAT)
            now = time.monotonic()
            try:
                self._engine.expire()
                if now - links_renewed >= presence.RENEWAL:
                    self._renew_links()
                    links_renewed = now
                if now - names_renewed >= people.RENEWAL:
                    self._chat.people.renew(*{each.person for each in self._connections if each.person})
                    names_renewed = now
                if now - memberships_renewed >= MEMBERSHIP_RENEWAL:
                    self._renew_memberships()
                    memberships_renewed = now
                for room in {*self._connections.rooms(), self._chat.rooms.default}:
                    self._chat.presence.settle(room)
            except Unavailable:
                log.debug("the beat waits for Redis")
            except Exception:
                log.exception("a beat failed")

    def _renew_links(self) -> None:
        for room in self._connections.rooms():
            self._chat.presence.arrive(room, self._connections.links(room))

    def _renew_memberships(self) -> None:
        for connection in self._connections:
            if connection.person:
                for room in connection.rooms:
                    self._chat.memberships.join(connection.person, room)
