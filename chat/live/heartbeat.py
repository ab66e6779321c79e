"""What one worker does each second: deadlines, the leases of its connections, and seeing who came and went."""

import logging
import time
from collections.abc import Callable

from flask_socketio import SocketIO

from chat.domain import Chat, presence
from chat.domain.people import people
from chat.domain.upkeep import sweep
from chat.domain.upkeep.retention import OFTEN, SELDOM
from chat.live.connections import Connections
from chat.live.guards import Guards
from chat.live.readiness import Readiness
from chat.store.errors import Unavailable
from chat.tasks import forever

BEAT = 1.0
LOOK = 30.0
"""Seconds between two looks at what kind of Redis this is."""
MEMBERSHIP_RENEWAL = 3600.0
"""Seconds between two renewals of the memberships of who is connected."""

log = logging.getLogger(__name__)


class Heartbeat:
    """What goes by time: a task for what is done each second, and one for how much is kept, which may take longer."""

    def __init__(
        self,
        socketio: SocketIO,
        chat: Chat,
        connections: Connections,
        engine: Guards,
        readiness: Readiness,
        restart: Callable[[], None],
    ) -> None:
        self._socketio = socketio
        self._chat = chat
        self._connections = connections
        self._engine = engine
        self._readiness = readiness
        self._restart = restart
        self._links_renewed = self._names_renewed = self._memberships_renewed = 0.0
        self._sweep_at = self._look_at = 0.0
        self._pause = OFTEN

    def start(self) -> None:
        """Begin to beat, once a worker serves."""
        self._socketio.start_background_task(self._run)
        self._socketio.start_background_task(self._look_after)

    def _run(self) -> None:
        self._links_renewed = self._names_renewed = self._memberships_renewed = time.monotonic()
        forever("the beat", self._beat, sleep=self._socketio.sleep, end=self._restart)

    def _look_after(self) -> None:
        forever("looking after what is kept", self._look, sleep=self._socketio.sleep, end=self._restart)

    def _look(self) -> None:
        self._socketio.sleep(self._pause)
        self._pause = SELDOM
        try:
            self._pause = self._chat.retention.look()
        except Unavailable:
            log.debug("the look at what is kept waits for Redis")

    def _beat(self) -> None:
        self._socketio.sleep(BEAT)
        now = time.monotonic()
        self._engine.expire()
        try:
            if self._chat.store.trouble.reason:
                self._readiness.failing()
            if now >= self._look_at:
                self._look_at = now + LOOK
                self._readiness.look()
            if now - self._links_renewed >= presence.RENEWAL:
                self._renew_links()
                self._links_renewed = now
            if now - self._names_renewed >= people.RENEWAL:
                self._chat.people.renew(*{each.person for each in self._connections if each.person})
                self._names_renewed = now
            if now - self._memberships_renewed >= MEMBERSHIP_RENEWAL:
                self._renew_memberships()
                self._memberships_renewed = now
            if now >= self._sweep_at:
                self._sweep_at = now + sweep.PAUSE
                self._chat.sweep.run()
            for room in {*self._connections.rooms(), self._chat.rooms.default}:
                self._chat.presence.settle(room)
        except Unavailable:
            log.debug("the beat waits for Redis")

    def _renew_links(self) -> None:
        for room in self._connections.rooms():
            self._chat.presence.arrive(room, self._connections.links(room))

    def _renew_memberships(self) -> None:
        for connection in self._connections:
            if connection.person:
                self._chat.memberships.renew(connection.person, list(connection.rooms))
