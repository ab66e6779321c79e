"""What Redis refuses, as the one error of the store; against a real Redis where one can be brought to it."""

import re

import pytest
from redis._parsers.base import BaseParser

from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.store.connection import Store
from chat.store.errors import REASONS, Unavailable, translated
from tests.support.redis import Redis
from tests.support.refusals import REFUSALS
from tests.support.servers import free_port

IN_A_SCRIPT = "ERR Error running script (call to f_4a5b): @user_script:65: @user_script: 65: -{} 1 10.0.0.1:6379"
REFUSED = [code for code in REASONS if code not in ("LOADING", "NOAUTH", "WRONGPASS", "NOSCRIPT")]


@pytest.fixture
def lone(own_redis: Redis) -> Chat:
    """A chat whose Redis may be brought to refuse."""
    return Chat(Store(own_redis.url), Config(redis_url=own_redis.url, rate_limit=False))


@pytest.fixture
def person(lone: Chat) -> Person:
    """Somebody in it."""
    person = lone.people.claim("Ada", "127.0.0.1")
    lone.visits.enter(person, "work")
    return person


@pytest.mark.parametrize("code", REFUSED)
@pytest.mark.parametrize("text", ["{} 1 10.0.0.1:6379", IN_A_SCRIPT])
def test_what_redis_refuses_for_now_is_told_in_words(code: str, text: str) -> None:
    # With the slot and the address that some of them name.
    error = translated(BaseParser.parse_error(text.format(code)))
    assert isinstance(error, Unavailable)
    assert str(error) == REASONS[code]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERR unknown command `EVALSHA`, with args beginning with: `a secret`, ", "does not know the command EVALSHA"),
        ("ERR unknown command 'evalsha', with args beginning with: 'a secret' ", "does not know the command EVALSHA"),
        ("ERR The user executing the script can't run this command or subcommand", "forbids this user"),
        ("ERR DB index is out of range", "no database of this number"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "refuses the user or the password"),
        ("NOAUTH Authentication required.", "asks for a password"),
        ("LOADING Redis is loading the dataset in memory", "is loading"),
    ],
)
def test_neighbours_of_it_are_told_too_and_without_a_secret(said: str, told: str) -> None:
    error = translated(BaseParser.parse_error(said))
    assert isinstance(error, Unavailable)
    assert told in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR wrong number of arguments for 'get' command",
        "ERR Error running script (call to f_4a5b): @user_script:3: user_script:3: attempt to index a nil value",
        "ERR Error running script (call to f_4a5b): @user_script:3: WRONGTYPE an OOM in the text",
        "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    ],
)
def test_a_mistake_of_the_chat_stays_one(said: str) -> None:
    error = BaseParser.parse_error(said)
    assert translated(error) is error


def test_a_redis_that_is_not_there_does_not_answer() -> None:
    store = Store(f"redis://:a-secret@127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable, match=r"Redis does not answer: .*refused") as caught:
        store.ask(("PING",))
    assert "a-secret" not in str(caught.value)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_real_redis_that_refuses_is_understood(own_redis: Redis, lone: Chat, person: Person, code: str) -> None:
    REFUSALS[code](own_redis.client())
    for write in (
        lambda: lone.messages.post(person, "work", "hello", "id"),
        # A member would be let in without a write.
        lambda: lone.visits.enter(Person("0" * 16, "Ben"), "work"),
    ):
        with pytest.raises(Unavailable, match=re.escape(REASONS[code])) as caught:
            write()
        assert caught.value.code == code
