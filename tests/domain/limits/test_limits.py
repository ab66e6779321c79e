"""Bounds by person, by network and of the place: whoever floods is slowed, and nobody else."""

import re
import secrets
import time
from collections.abc import Callable

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import UNSPOKEN
from chat.domain.limits import limits
from chat.domain.limits.limits import BY_NETWORK, BY_PERSON
from chat.domain.messages.log import latest
from chat.domain.people import people
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.store.connection import Store
from tests.support.clients import unique

BURST = BY_PERSON["message"].pace.burst
NETWORK, OTHER = "192.0.2.1", "2001:db8::/64"


@pytest.fixture
def limited(own_chat: Chat) -> Chat:
    """A chat with limits, on a Redis of its own."""
    return Chat(own_chat.store, Config(redis_url=own_chat.store.url))


def member(chat: Chat, room: str = "work", name: str = "Ada") -> Person:
    """Somebody in a room."""
    person = chat.people.claim(unique(name), "")
    chat.visits.enter(person, room)
    return person


def until_refused(act: Callable[[int], object], most: int = 10_000) -> tuple[int, ChatError]:
    """How often something goes well, one after the other, and how it is refused then."""
    for number in range(most):
        try:
            act(number)
        except ChatError as error:
            return number, error
    raise AssertionError(f"{most} were let through")


def lower(monkeypatch: pytest.MonkeyPatch, table: dict[str, limits.Bound], action: str, burst: int) -> None:
    """Make a bound small enough to be reached soon."""
    monkeypatch.setitem(table, action, table[action]._replace(pace=limits.Pace(burst, 0.01)))


def test_a_person_has_one_pace_in_all_rooms_of_all_shards(own_chat: Chat) -> None:
    limited = Chat(own_chat.store, Config(redis_url=own_chat.store.url, bus_shards=16))
    ada = member(limited)
    rooms = [limited.rooms.create(f"room-{number}", "", ada).id for number in range(10)]
    for room in rooms:
        limited.visits.enter(ada, room)
    assert len({limited.shards.of(room) for room in rooms}) > 4
    said, error = until_refused(lambda number: limited.messages.post(ada, rooms[number % 10], "x", f"id{number}"))
    assert BURST <= said < 2 * BURST
    assert (error.code, error.message) == ("too_fast", "That was a little fast. Try again in a second.")
    assert error.retry_after is not None and 0 < error.retry_after <= 0.5


def test_a_person_has_one_pace_on_all_workers_in_a_room(limited: Chat) -> None:
    ada = member(limited)
    other = Chat(Store(limited.store.url), Config(redis_url=limited.store.url))
    said, _ = until_refused(lambda number: (limited, other)[number % 2].messages.post(ada, "work", "x", str(number)))
    assert BURST <= said < 2 * BURST


def test_a_repeat_is_no_new_message_for_any_pace(limited: Chat) -> None:
    ada = member(limited)
    for _ in range(3 * BURST):
        assert limited.messages.post(ada, "work", "x", "again", NETWORK).seq == 1
    said, _ = until_refused(lambda number: limited.messages.post(ada, "work", "x", str(number), NETWORK))
    assert said >= BURST - 1
    assert limited.messages.post(ada, "work", "x", "again", NETWORK).seq == 1


def test_a_network_talks_at_a_pace_and_others_go_on(limited: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    lower(monkeypatch, BY_NETWORK, "message", 50)
    limited = Chat(limited.store, Config(redis_url=limited.store.url))
    crowd = [member(limited) for _ in range(10)]
    said, error = until_refused(
        lambda number: limited.messages.post(crowd[number % 10], "work", "x", str(number), NETWORK)
    )
    assert said == 50
    assert error.message.startswith("Much is going on in your network just now. Try again in ")
    for network in (OTHER, ""):
        limited.messages.post(crowd[0], "work", "x", f"from {network}", network)


def test_one_who_waits_for_the_network_keeps_their_own_pace(monkeypatch: pytest.MonkeyPatch, limited: Chat) -> None:
    lower(monkeypatch, BY_NETWORK, "message", 1)
    limited = Chat(limited.store, Config(redis_url=limited.store.url))
    ada = member(limited)
    limited.messages.post(ada, "work", "x", "first", NETWORK)
    for number in range(100):
        with pytest.raises(ChatError, match="network"):
            limited.messages.post(ada, "work", "x", str(number), NETWORK)
    limited.messages.post(ada, "work", "x", "elsewhere", OTHER)


def test_a_flood_from_next_door_leaves_a_quiet_neighbour_a_word(monkeypatch: pytest.MonkeyPatch, limited: Chat) -> None:
    lower(monkeypatch, BY_NETWORK, "message", 20)
    limited = Chat(limited.store, Config(redis_url=limited.store.url))
    flooder, quiet = member(limited), member(limited)
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    until_refused(lambda number: limited.messages.post(flooder, "work", "x", f"first {number}", NETWORK))
    for word in range(3):
        limited.messages.post(quiet, "work", "x", f"word {word}", NETWORK)
        for number in range(60):
            with pytest.raises(ChatError, match="network"):
                limited.messages.post(quiet, "work", "x", f"more {number}", NETWORK)
            with pytest.raises(ChatError):
                limited.messages.post(flooder, "work", "x", f"more {number}", NETWORK)
        now[0] += limits.SPARED + 1
        # The network's few tokens are the flooder's.
        until_refused(lambda _: limited.messages.post(flooder, "work", "x", secrets.token_hex(8), NETWORK))


def test_a_network_claims_names_at_a_pace_and_others_go_on(limited: Chat) -> None:
    claimed, error = until_refused(lambda number: limited.people.claim(f"Many {number}", NETWORK), 700)
    assert BY_NETWORK["name"].pace.burst <= claimed <= BY_NETWORK["name"].pace.burst + 2
    assert error.code == "too_fast"
    assert re.fullmatch(
        r"Many people from your network chose a name just now\. Try again in \d\d seconds\.", error.message
    )
    for network in (OTHER, "", ""):
        limited.people.claim(unique("Ada"), network)


def test_failed_claims_keep_nobody_from_a_name_that_is_free(limited: Chat) -> None:
    limited.people.claim("Taken", "")
    codes = []
    for name in ("Taken", "", "admin") * 100:
        with pytest.raises(ChatError) as refused:
            limited.people.claim(name, NETWORK)
        codes.append(refused.value.code)
        assert refused.value.code != "too_fast" or 0 < (refused.value.retry_after or 0) <= 1
    assert codes[:3] == ["name_taken", "name_invalid", "name_reserved"]
    assert codes[-1] == "too_fast"
    claimed, _ = until_refused(lambda number: limited.people.claim(f"Free {number}", NETWORK), 700)
    assert BY_NETWORK["name"].pace.burst <= claimed <= BY_NETWORK["name"].pace.burst + 2
    with pytest.raises(ChatError, match="Taken is taken"):
        limited.people.claim("Taken", OTHER)


def test_ones_own_machine_is_no_network(limited: Chat) -> None:
    for number in range(700):
        limited.people.claim(f"Own {number}", "")


def test_a_full_place_gives_up_names_that_said_nothing_and_are_not_here(
    limited: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "NAMES", 10)
    talkers = [member(limited) for _ in range(4)]
    for talker in talkers:
        limited.messages.post(talker, "work", "hello", "id")
    here = [limited.people.claim(unique("Here"), "") for _ in range(3)]
    gone = [limited.people.claim(unique("Gone"), "") for _ in range(3)]
    with pytest.raises(ChatError, match="There are 10 names here, as many as may be") as refused:
        limited.people.claim("Newcomer", OTHER)
    assert refused.value.code == "names_full"
    for each in gone:
        limited.store.redis.zincrby(UNSPOKEN, -2 * people.RENEWAL - 1, each.id)
    newcomers = [limited.people.claim(unique("Newcomer"), OTHER) for _ in range(3)]
    for each in (*talkers, *here, *newcomers):
        assert limited.people.find(each.id) == each
    assert [limited.people.find(each.id) for each in gone] == [None] * 3
    with pytest.raises(ChatError):
        limited.people.claim("Newcomer", OTHER)
    # Their names are free, once there is room.
    limited.sign_out(talkers[0].id)
    assert limited.people.claim(gone[0].name, OTHER).name == gone[0].name


def test_names_that_lapsed_count_no_more(limited: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "NAMES", 5)
    for _ in range(5):
        limited.people.claim(unique("Ada"), "")
    for id, _ in limited.store.redis.zscan_iter(UNSPOKEN):
        limited.store.redis.zadd(UNSPOKEN, {id: 1})
        limited.store.redis.delete(f"chat:{{people}}:user:{id}")
    limited.people.claim("Newcomer", "")
    assert limited.store.redis.zcard(UNSPOKEN) == 1


def test_joining_has_a_pace_by_person_and_by_network(limited: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BY_PERSON["join"].pace.burst > 2 * Config().max_rooms
    crowd = [member(limited) for _ in range(4)]
    lower(monkeypatch, BY_PERSON, "join", 20)
    lower(monkeypatch, BY_NETWORK, "join", 50)
    limited = Chat(limited.store, Config(redis_url=limited.store.url))

    def join(number: int, network: str = NETWORK) -> None:
        limited.visits.enter(crowd[number], "work", latest(1), network=network)

    for number in range(2):
        joined, error = until_refused(lambda _, number=number: join(number))
        assert (joined, error.code) == (20, "too_fast")
    joined, error = until_refused(lambda _: join(2))
    assert joined == 10
    assert "network" in error.message
    join(3, OTHER)


def test_lifted_limits_are_lifted(chat: Chat, room: str) -> None:
    ada = member(chat, room)
    for number in range(3 * BURST):
        chat.messages.post(ada, room, "x", str(number), NETWORK)
    for number in range(100):
        with pytest.raises(ChatError) as refused:
            chat.people.claim("", NETWORK)
        assert refused.value.code == "name_invalid", number


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.01, "a second"), (1.2, "2 seconds"), (89, "89 seconds"), (90, "2 minutes"), (600, "10 min")],
)
def test_how_long_to_wait_is_told_in_words(seconds: float, said: str) -> None:
    assert f"Try again in {said}" in limits.too_fast(seconds).message
