"""`flask rooms` and `flask remove-room`, beside a chat that runs."""

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import PARTS
from tests.cli.test_people import flask, told
from tests.support.clients import Client
from tests.support.commands import refused
from tests.support.waiting import eventually


def test_rooms_are_listed_with_what_is_in_them(config: Config, ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    ada.say("hello", room=room)
    (row,) = [each for each in told(config, "rooms")["rooms"] if each["name"] == room]
    assert row["bytes"] > 0
    assert row | {"bytes": 0} == {"name": room, "topic": "", "members": 2, "here": 2, "messages": 1, "bytes": 0}
    assert any(line.split()[:4] == [room, "2", "2", "1"] for line in flask(config, "rooms").stdout.splitlines())


def test_a_room_that_is_removed_is_gone_from_everywhere_and_everybody_is_told(
    config: Config, chat: Chat, ada: Client, ben: Client, room: str
) -> None:
    ada.ok("join", {"room": room})
    ada.say("soon gone", room=room)
    assert flask(config, "remove-room", room).returncode == 1
    assert ada.ok("history", {"room": room})["head"] == 1
    assert told(config, "remove-room", room, "--yes") == {"name": room, "members": 1}
    # One was in it, and one sees it in a list.
    for client in (ada, ben):
        client.wait("roomRemoved", room=room)
    for event in ("join", "history", "sendMessage", "people"):
        assert ada.refused(event, {"room": room, "msg": "x"})["code"] == "room_not_found"
    keys = chat.shards.keys(room, "", *PARTS)
    person = chat.people.find(ada.user["id"])
    assert person and room not in chat.memberships.of(person)
    assert [row["name"] for row in told(config, "rooms")["rooms"] if row["name"] == room] == []
    # A worker's renewals make nothing of it anew.
    eventually(lambda: chat.store.redis.exists(*keys) == 0)


def test_a_room_made_again_under_the_name_is_another_one(config: Config, chat: Chat, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    ada.say("of the first", room=room)
    told(config, "remove-room", room, "--yes")
    ada.wait("roomRemoved", room=room)
    founder = chat.people.find(ada.user["id"])
    assert founder
    chat.rooms.create(room, "", founder)
    assert ada.refused("join", {"room": room, "renew": True})["code"] == "room_not_found"
    joined = ada.ok("join", {"room": room})
    assert (joined["head"], joined["entries"], joined["read"]) == (0, [], 0)
    ada.say("of the second", room=room)
    ada.wait("message", room=room, text="of the second")


def test_the_default_room_and_what_is_none_cannot_be_removed(config: Config) -> None:
    done = refused(config, "remove-room", "work", "--yes")
    assert done.exit_code == 1 and "everybody belongs to" in done.stderr
    for name in ("nowhere", "work:log"):
        done = refused(config, "remove-room", name, "--yes")
        assert done.exit_code == 1 and "There is no room called" in done.stderr
