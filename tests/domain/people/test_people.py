"""A name is leased to an id, and given back."""

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import NAMED
from chat.domain.limits.limits import UNSPOKEN_LEASE
from chat.domain.people.people import Person, token_of
from chat.errors import ChatError
from chat.store.connection import Store
from chat.store.errors import Unavailable
from tests.support.clients import unique


def test_a_name_is_one_persons_until_it_is_given_back(chat: Chat) -> None:
    name = unique("Ada")
    first = chat.people.claim(name, "127.0.0.1")
    with pytest.raises(ChatError) as refused:
        chat.people.claim(name.upper(), "127.0.0.1")
    assert refused.value.code == "name_taken"
    chat.sign_out(first.id)
    assert chat.people.find(first.id) is None
    second = chat.people.claim(name, "127.0.0.1")
    assert second.id != first.id


def test_a_look_alike_is_told_whom_it_looks_like(chat: Chat) -> None:
    name = unique("Okafor")
    chat.people.claim(name, "127.0.0.1")
    with pytest.raises(ChatError, match=f"That looks like {name}"):
        chat.people.claim(name.replace("O", "0"), "127.0.0.1")


def test_the_chats_own_name_is_nobodys_and_whoever_has_it_keeps_it(chat: Chat, store: Store) -> None:
    name = unique("Harbour")
    named_so = Chat(store, Config(name=name))
    with pytest.raises(ChatError) as refused:
        named_so.people.claim(f"[{name}]", "127.0.0.1")
    assert refused.value.code == "name_reserved"
    before = chat.people.claim(name, "127.0.0.1", "a token")
    assert named_so.people.prove(name, "a token") == before


def keys_of(store: Store, person: Person) -> list[str]:
    """All that is kept of a person and their name, and ends."""
    keys = [key for key in store.redis.scan_iter("chat:{people}:name:*") if store.redis.get(key) == person.id]
    return [*keys, f"chat:{{people}}:user:{person.id}", f"chat:{{people}}:user:{person.id}:read"]


@pytest.fixture
def newcomer(chat: Chat, room: str) -> Person:
    """Somebody in a room who did not say anything yet."""
    person = chat.people.claim(unique("Ada"), "")
    chat.visits.enter(person, room)
    return person


def assert_kept(chat: Chat, person: Person, seconds: int) -> None:
    """Everything of a person ends together, after so many seconds from now."""
    keys = keys_of(chat.store, person)
    assert len(keys) == 4
    for key in keys:
        assert seconds - 10 < chat.store.redis.ttl(key) <= seconds


def test_a_name_that_never_spoke_is_kept_for_an_hour(chat: Chat, newcomer: Person) -> None:
    assert_kept(chat, newcomer, UNSPOKEN_LEASE)
    for key in keys_of(chat.store, newcomer):
        chat.store.redis.expire(key, 10)
    chat.people.renew(newcomer)
    assert_kept(chat, newcomer, UNSPOKEN_LEASE)


def test_the_name_of_somebody_who_said_something_is_kept_for_long(chat: Chat, room: str, newcomer: Person) -> None:
    chat.messages.post(newcomer, room, "hello", "id")
    assert_kept(chat, newcomer, chat.people.lease)
    for key in keys_of(chat.store, newcomer):
        chat.store.redis.expire(key, 10)
    chat.people.renew(newcomer)
    assert_kept(chat, newcomer, chat.people.lease)


@pytest.mark.parametrize(("where", "text"), [("nowhere", "hello"), ("", "  ")])
def test_what_is_refused_is_not_said(chat: Chat, room: str, newcomer: Person, where: str, text: str) -> None:
    with pytest.raises(ChatError):
        chat.messages.post(newcomer, where or room, text, "id")
    assert_kept(chat, newcomer, UNSPOKEN_LEASE)


def test_that_somebody_spoke_is_noted_again_where_it_could_not_be(
    chat: Chat, room: str, newcomer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message stands, and is answered when it is repeated: then this is made up for."""

    def unreachable(*_: object) -> None:
        raise Unavailable("Redis does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(chat.people._store, "run", unreachable)
        with pytest.raises(Unavailable):
            chat.messages.post(newcomer, room, "hello", "id")
    assert_kept(chat, newcomer, UNSPOKEN_LEASE)
    assert chat.messages.post(newcomer, room, "hello", "id").seq == 1
    assert_kept(chat, newcomer, chat.people.lease)


def test_a_later_message_asks_redis_no_more(
    chat: Chat, room: str, newcomer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    run = chat.store.run
    monkeypatch.setattr(chat.store, "run", lambda script, *rest: (asked.append(script), run(script, *rest))[1])
    for number in range(3):
        chat.messages.post(newcomer, room, "hello", str(number))
    assert asked == ["people/speak"]


def test_somebody_in_passing_is_forgotten_soon_whatever_they_say(chat: Chat, room: str) -> None:
    guest = chat.people.claim(unique("Guest"), "", passing=True)
    chat.visits.enter(guest, room)
    chat.messages.post(guest, room, "hello", "id")
    chat.people.renew(guest)
    assert_kept(chat, guest, UNSPOKEN_LEASE)


def test_a_name_of_an_earlier_version_is_kept_for_long(chat: Chat, newcomer: Person) -> None:
    chat.store.redis.hdel(f"chat:{{people}}:user:{newcomer.id}", "spoke")
    chat.people.renew(newcomer)
    assert_kept(chat, newcomer, chat.people.lease)


def test_a_name_that_the_store_lost_is_kept_as_long_as_before(chat: Chat, room: str) -> None:
    quiet, talker = (chat.people.claim(unique("Ada"), "") for _ in range(2))
    chat.visits.enter(talker, room)
    chat.messages.post(talker, room, "hello", "id")
    for person, lease in ((quiet, UNSPOKEN_LEASE), (talker, chat.people.lease)):
        keys = keys_of(chat.store, person)[:3]
        chat.store.redis.delete(*keys)
        assert chat.people.restore(person, "")
        assert all(lease - 10 < chat.store.redis.ttl(key) <= lease for key in keys)


def test_a_name_that_is_given_back_leaves_nothing(chat: Chat, room: str, newcomer: Person) -> None:
    chat.messages.post(newcomer, room, "hello", "id")
    keys = keys_of(chat.store, newcomer)
    chat.sign_out(newcomer.id)
    assert chat.store.redis.exists(*keys) == 0
    assert [chat.store.redis.zscore(key, newcomer.id) for key in NAMED] == [None, None]


def test_only_the_right_token_proves_who_one_is(chat: Chat) -> None:
    name = unique("Bot")
    bot = chat.people.claim(name, "127.0.0.1", "secret")
    assert chat.people.prove(name, "secret") == bot
    assert chat.people.prove(name, "guess") is None
    browser = chat.people.claim(unique("Browser"), "127.0.0.1")
    assert chat.people.prove(browser.name, "") is None


def test_signing_out_ends_the_memberships(chat: Chat, room: str) -> None:
    person = chat.people.claim(unique("Ada"), "127.0.0.1")
    chat.visits.enter(person, room)
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


def test_the_same_token_claims_the_same_person_again(chat: Chat) -> None:
    name, token = unique("Ada"), token_of(unique("claim"))
    first = chat.people.claim(name, "127.0.0.1", token)
    assert chat.people.claim(name, "127.0.0.1", token) == first
    assert chat.people.claim(name.upper(), "127.0.0.1", token) == first
    for other in ("", token_of("another"), token[:-1]):
        with pytest.raises(ChatError) as refused:
            chat.people.claim(name, "127.0.0.1", other)
        assert refused.value.code == "name_taken"
    # An id is never given twice, not even to the person who had it.
    chat.sign_out(first.id)
    assert chat.people.claim(name, "127.0.0.1", token).id != first.id


def test_whoever_has_no_token_cannot_be_claimed_again(chat: Chat) -> None:
    name = unique("Browser")
    chat.people.claim(name, "127.0.0.1")
    with pytest.raises(ChatError):
        chat.people.claim(name, "127.0.0.1")


def test_a_redis_that_is_full_leases_no_name_that_could_not_come_in(own_chat: Chat) -> None:
    redis = own_chat.store.redis
    redis.config_set("maxmemory", 1)
    for _ in range(2):
        with pytest.raises(Unavailable):
            own_chat.people.claim("Ada", "127.0.0.1", "token")
    redis.config_set("maxmemory", 0)
    assert own_chat.people.called("Ada") == []
    assert redis.zcard(NAMED[1]) == 0
    own_chat.people.claim("Ada", "127.0.0.1", "another token")
