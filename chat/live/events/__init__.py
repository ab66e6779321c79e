"""The events that a client may send, each in the file of its noun."""

from chat.live.base import Base
from chat.live.delivery.reader import Delivery
from chat.live.events.messages import Messages
from chat.live.events.people import People
from chat.live.events.registry import unknown
from chat.live.events.rooms import Rooms
from chat.live.guards import Guards
from chat.live.message_queue import MessageQueue


class Events:
    """The handlers of one worker."""

    def __init__(self, worker: Base, guards: Guards, queue: MessageQueue, delivery: Delivery) -> None:
        self.rooms = Rooms(worker, queue, delivery)
        self.messages = Messages(worker, queue)
        self.people = People(worker, guards, self.rooms, self.messages)
        worker.server.on("*", unknown)
