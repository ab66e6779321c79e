"""Delivery goes on from where it was, whatever interrupts the reading of the bus."""

import json

from chat.domain import Chat
from chat.store.connection import Store
from tests.conftest import Connect
from tests.support.clients import Client
from tests.support.waiting import eventually


def test_what_the_bus_does_not_carry_is_filled_from_the_log(ada: Client, ben: Client, chat: Chat, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    ada.say("1", room=room)
    # Entries that no bus tells of, as if it had been trimmed.
    position = chat.log.position(room)
    user = {"id": "f0", "name": "x"}
    for seq in (2, 3):
        entry = {"type": "message", "room": room, "epoch": position.epoch, "seq": seq, "at": 1, "id": "x", "user": user}
        stored = json.dumps(entry | {"text": str(seq)})
        chat.store.redis.xadd(f"chat:{{0}}:room:{room}:log", {"e": stored}, f"{seq}-0")
    chat.store.redis.hset(f"chat:{{0}}:room:{room}", "head", 3)
    ada.say("4", room=room)
    for client in (ada, ben):
        eventually(lambda client=client: len(client.texts(room)) == 4)
        assert client.texts(room) == ["1", "2", "3", "4"]


def test_connections_that_redis_drops_lose_nothing(ada: Client, ben: Client, store: Store, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    for number in range(30):
        if number % 10 == 5:
            store.redis.client_kill_filter(_type="normal", skipme=True)
        ada.say(str(number), room=room)
    for client in (ada, ben):
        eventually(lambda client=client: len(client.texts(room)) == 30)
        assert client.texts(room) == [str(number) for number in range(30)]


def test_a_log_that_is_another_one_has_clients_compare(ada: Client, store: Store, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("before", room=room)
    ada.wait("message", room=room)
    store.redis.hset(f"chat:{{0}}:room:{room}", "epoch", "another")
    ada.say("after", room=room)
    ada.wait("resync", room=room)


def test_a_new_room_is_told_to_everyone(ada: Client, ben: Client, chat: Chat, connect: Connect) -> None:
    founder = chat.people.find(ada.user["id"])
    made = chat.rooms.create(f"of {ada.user['name']}", "a topic", founder)
    for client in (ada, ben):
        client.wait("room", name=made.name, topic="a topic")


def test_what_the_bus_says_again_is_delivered_once(ada: Client, chat: Chat, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("once", room=room)
    entries, state = chat.shards.bus(0)
    ((_, said),) = chat.store.redis.xrevrange(entries, count=1)
    number = chat.store.redis.hincrby(state, "head", 1)
    chat.store.redis.xadd(entries, said, f"{number}-0")
    ada.say("last", room=room)
    eventually(lambda: "last" in ada.texts(room))
    assert ada.texts(room) == ["once", "last"]
