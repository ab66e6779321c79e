"""What one worker does each second: it ends what is overdue, renews leases, and sees who came and went."""

import logging
import time

from chat.domain import presence
from chat.domain.people import people
from chat.domain.upkeep import sweep
from chat.domain.upkeep.retention import OFTEN, SELDOM
from chat.live.base import Base
from chat.live.guards import Guards
from chat.live.readiness import Readiness
from chat.store.errors import Unavailable

BEAT = 1.0
# Seconds between two looks at what kind of Redis this is.
LOOK = 30.0
# Seconds between two renewals of the memberships of all who are connected.
MEMBERSHIP_RENEWAL = 3600.0

log = logging.getLogger(__name__)


class Heartbeat:
    """Two tasks: one for what is done each second, and one for how much is kept, which may take longer."""

    def __init__(self, worker: Base, guards: Guards, readiness: Readiness) -> None:
        self._worker = worker
        self._guards = guards
        self._readiness = readiness
        self._chat = worker.chat
        self._connections = worker.connections
        self._links_renewed = self._names_renewed = self._memberships_renewed = time.monotonic()
        self._sweep_at = self._look_at = 0.0
        self._pause = OFTEN

    def start(self) -> None:
        """Begin to beat."""
        self._worker.repeat("the beat", self._beat)
        self._worker.repeat("looking after what is kept", self._look)

    def _look(self) -> None:
        self._worker.socketio.sleep(self._pause)
        self._pause = SELDOM
        try:
            self._pause = self._chat.retention.look()
        except Unavailable:
            log.debug("the look at what is kept waits for Redis")

    def _beat(self) -> None:
        self._worker.socketio.sleep(BEAT)
        now = time.monotonic()
        self._guards.expire()
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
