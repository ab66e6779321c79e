"""One process that serves clients: its parts, and what gunicorn's worker and the pages may ask of it."""

from flask import Flask
from flask_socketio import SocketIO

from chat.config import Config
from chat.domain import Chat
from chat.live.base import Base
from chat.live.delivery.reader import Delivery
from chat.live.events import Events
from chat.live.guards import Guards
from chat.live.heartbeat import Heartbeat
from chat.live.message_queue import MessageQueue
from chat.live.readiness import Readiness
from chat.logs import Lines


class Worker(Base):
    """The parts of one process that serves, each made of those before it."""

    def __init__(self, app: Flask, socketio: SocketIO, chat: Chat, config: Config, lines: Lines) -> None:
        super().__init__(app, socketio, chat, config, lines)
        self.guards = Guards(self)
        self.queue = MessageQueue(self)
        self.delivery = Delivery(self, self.guards)
        self.readiness = Readiness(self, self.queue, self.delivery)
        self.heartbeat = Heartbeat(self, self.guards, self.readiness)
        self.events = Events(self, self.guards, self.queue, self.delivery)
        self.starts += [self.delivery.start, self.queue.start, self.heartbeat.start]
