"""What is put into the chat before a measurement is there, as the chat itself would have it."""

import msgspec
import pytest
from flask import Flask, session

from bench.cookies import bake
from bench.processes import SECRET
from bench.seeds import SeedError, fill, make_rooms, settle_in
from chat.config import Config
from chat.domain import Chat
from chat.web.sessions import sessions
from tests.support.clients import unique


def test_a_room_is_filled_with_whole_entries_in_order(chat: Chat, redis_url: str) -> None:
    room = unique("long").lower().replace(" ", "-")
    make_rooms(redis_url, room)
    fill(redis_url, room, 1_234)
    position = chat.log.position(room)
    assert position is not None and position.seq == 1_234
    last = msgspec.json.decode(chat.log.entry(room, 1_234) or "")
    assert (last["type"], last["id"], last["epoch"]) == ("message", "seed-1233", position.epoch)


def test_a_room_that_does_not_have_what_was_to_be_there_is_noticed(redis_url: str) -> None:
    room = unique("long").lower().replace(" ", "-")
    make_rooms(redis_url, room)
    fill(redis_url, room, 3)
    with pytest.raises(SeedError, match="3 entries, and is at"):
        fill(redis_url, room, 3)


def test_people_are_members_and_the_chat_reads_their_cookies(chat: Chat, redis_url: str) -> None:
    room = unique("harbour").lower().replace(" ", "-")
    make_rooms(redis_url, room)
    people = settle_in(redis_url, room, 3)
    app = Flask(__name__)
    sessions.init_app(app, Config(redis_url=redis_url, secret_key=SECRET))
    for person, cookie in zip(people, bake(people), strict=True):
        assert chat.people.find(person.id) == person
        assert room in chat.memberships.of(person)
        with app.test_request_context(headers={"Cookie": cookie}):
            assert (session["person"], session["name"], session.permanent) == (person.id, person.name, True)
