"""A name is leased to an id, and given back."""

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.people import Person
from chat.errors import ChatError
from chat.store.connection import Store
from tests.support.clients import unique


def test_a_name_is_one_persons_until_it_is_given_back(chat: Chat) -> None:
    name = unique("Ada")
    first = chat.people.claim(name, "127.0.0.1")
    with pytest.raises(ChatError) as refused:
        chat.people.claim(name.upper(), "127.0.0.1")
    assert refused.value.code == "name_taken"
    chat.people.release(first)
    assert chat.people.find(first.id) is None
    second = chat.people.claim(name, "127.0.0.1")
    assert second.id != first.id


def test_a_look_alike_is_told_whom_it_looks_like(chat: Chat) -> None:
    name = unique("Okafor")
    chat.people.claim(name, "127.0.0.1")
    with pytest.raises(ChatError, match=f"That looks like {name}"):
        chat.people.claim(name.replace("O", "0"), "127.0.0.1")


def test_a_lease_runs_out_and_is_renewed_by_being_here(chat: Chat, store: Store) -> None:
    person = chat.people.claim(unique("Ada"), "127.0.0.1")
    keys = [key for key in store.redis.scan_iter("chat:{people}:*") if store.redis.type(key) == "string"]
    mine = [key for key in keys if store.redis.get(key) == person.id] + [f"chat:{{people}}:user:{person.id}"]
    assert len(mine) == 3
    for key in mine:
        store.redis.expire(key, 10)
    chat.people.renew(person)
    for key in mine:
        assert chat.people.lease - 10 < store.redis.ttl(key) <= chat.people.lease


def test_only_the_right_token_proves_who_one_is(chat: Chat) -> None:
    name = unique("Bot")
    bot = chat.people.claim(name, "127.0.0.1", "secret")
    assert chat.people.prove(name, "secret") == bot
    assert chat.people.prove(name, "guess") is None
    browser = chat.people.claim(unique("Browser"), "127.0.0.1")
    assert chat.people.prove(browser.name, "") is None


def test_names_are_claimed_at_a_pace(store: Store, redis_url: str) -> None:
    limited = Chat(store, Config(redis_url=redis_url))
    with pytest.raises(ChatError) as refused:
        for _ in range(40):
            limited.people.claim(unique("Many"), "192.0.2.7")
    assert refused.value.code == "too_fast"


def test_signing_out_ends_the_memberships(chat: Chat, room: str) -> None:
    person = chat.people.claim(unique("Ada"), "127.0.0.1")
    chat.memberships.join(person, room)
    chat.sign_out(person.id)
    with pytest.raises(ChatError) as refused:
        chat.messages.post(person, room, "still here", "id")
    assert refused.value.code == "room_not_found"


def test_a_claim_that_is_repeated_for_the_same_person_is_theirs(chat: Chat) -> None:
    person = chat.people.claim(unique("Ada"), "127.0.0.1")
    assert chat.people.restore(person, "")
    assert chat.people.find(person.id) == person
    other = chat.people.claim(unique("Ben"), "127.0.0.1")
    assert not chat.people.restore(Person(other.id, person.name), "")
