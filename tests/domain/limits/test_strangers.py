"""Ten thousand attempts of each kind from few addresses, limits on: the bounds hold, and everybody else goes on."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import NAMED, ROOMS
from chat.domain.limits import limits
from chat.domain.limits.limits import BY_NETWORK, BY_PERSON, SPARED
from chat.domain.messages.log import latest
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.live.events.typing import Typing
from chat.store.connection import Store
from tests.support.clients import unique

pytestmark = pytest.mark.thorough

ATTEMPTS = 10_000
ADDRESSES = [f"192.0.2.{number}" for number in range(4)]
HEALTHY = "198.51.100.1"


class Place:
    """A chat with a healthy member, and strangers who try something again and again, sixteen at a time."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.ada = self.newcomer()
        self._said = 0

    def newcomer(self) -> Person:
        """Somebody healthy who comes in, from an address of their own."""
        person = self.chat.people.claim(unique("Ada"), HEALTHY)
        self.chat.visits.enter(person, "work", latest(50), network=HEALTHY)
        return person

    def go_on(self) -> None:
        """What the healthy do: come in, look, and talk."""
        person = self.newcomer()
        self._said += 1
        self.chat.messages.post(person, "work", "hello", f"id{self._said}", HEALTHY)
        self.chat.log.read("work", latest(50), person)

    def attempt(self, act: Callable[[int], object], times: int = ATTEMPTS) -> Counter[str]:
        """Have strangers do something, and the healthy something else all the while; how it ended for the strangers."""
        outcomes: Counter[str] = Counter()

        def one(number: int) -> str:
            try:
                act(number)
            except ChatError as error:
                return error.code
            return "done"

        with ThreadPoolExecutor(16) as strangers:
            for number, outcome in enumerate(strangers.map(one, range(times))):
                outcomes[outcome] += 1
                if number % 1_000 == 0:
                    self.go_on()
        self.go_on()
        return outcomes


@pytest.fixture
def place(own_chat: Chat) -> Place:
    """A chat with limits, on a Redis of its own."""
    return Place(Chat(own_chat.store, Config(redis_url=own_chat.store.url)))


@pytest.fixture
def strangers(place: Place) -> list[Person]:
    """Fifty identities of each address."""
    found = [place.chat.people.claim(unique("Stranger"), address(number)) for number in range(50 * len(ADDRESSES))]
    for person in found:
        place.chat.visits.enter(person, "work")
    return found


def address(number: int) -> str:
    """One of the few addresses, by turns."""
    return ADDRESSES[number % len(ADDRESSES)]


def names_held(chat: Chat) -> int:
    """How many names are taken."""
    return int(sum(chat.store.redis.zcard(key) for key in NAMED))


def test_claims(place: Place) -> None:
    held = names_held(place.chat)
    outcomes = place.attempt(lambda number: place.chat.people.claim(f"Name {number}", address(number)))
    bound = len(ADDRESSES) * BY_NETWORK["name"].pace.burst
    assert outcomes.keys() == {"done", "too_fast"}
    assert bound <= outcomes["done"] <= bound + 20
    assert names_held(place.chat) <= held + bound + 40


def test_claims_that_fail_and_guesses_at_a_token(place: Place) -> None:
    def guess(number: int) -> None:
        assert place.chat.people.prove(place.ada.name, f"token {number}") is None
        place.chat.people.claim(("", "admin", place.ada.name)[number % 3], address(number), f"token {number}")

    held = names_held(place.chat)
    outcomes = place.attempt(guess)
    assert set(outcomes) == {"too_fast", "name_invalid", "name_reserved", "name_taken"}
    assert outcomes["too_fast"] > ATTEMPTS * 0.8
    assert names_held(place.chat) <= held + 12
    # Their neighbours come in.
    for each in ADDRESSES:
        assert place.chat.people.claim(unique("Neighbour"), each)


def test_rooms(place: Place, strangers: list[Person]) -> None:
    outcomes = place.attempt(
        lambda number: place.chat.rooms.create(f"r{number}", "", strangers[number % 200], address(number))
    )
    bound = len(ADDRESSES) * BY_NETWORK["room"].pace.burst
    assert outcomes.keys() == {"done", "too_fast"}
    assert bound <= outcomes["done"] <= bound + 4
    assert place.chat.store.redis.zcard(ROOMS) <= bound + 5
    assert place.chat.rooms.create("ours", "", place.ada, HEALTHY)


def test_joins(place: Place, strangers: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    one = strangers[0]
    outcomes = place.attempt(lambda _: place.chat.visits.enter(one, "work", latest(1), network=ADDRESSES[0]))
    assert outcomes.keys() == {"done", "too_fast"}
    assert outcomes["done"] < ATTEMPTS
    assert place.chat.store.redis.zcard(place.chat.shards.key("work", "members")) < 100 + len(strangers)


def test_messages(place: Place, strangers: list[Person]) -> None:
    began = time.monotonic()
    outcomes = place.attempt(
        lambda number: place.chat.messages.post(strangers[number % 200], "work", "buy", f"id{number}", address(number))
    )
    took = time.monotonic() - began
    burst, per_second = BY_NETWORK["message"].pace
    bound = len(ADDRESSES) * burst
    assert len(strangers) * BY_PERSON["message"].pace.burst > bound
    assert outcomes.keys() == {"done", "too_fast"}
    # Beside the pace of the networks, each has a word now and then.
    more = took * per_second * len(ADDRESSES) + len(strangers) * (1 + took // SPARED)
    assert bound <= outcomes["done"] <= bound + more
    assert place.chat.log.read("work", latest(1)).head <= outcomes["done"] + 12


def test_typing(place: Place, store: Store) -> None:
    told = Typing(place.chat.limits)
    heard = 0
    for number in range(ATTEMPTS):
        person = f"p{number % 10}"
        heard += told.begins(person, "work", address(number)) + told.ends(person, "work")
    assert heard < 200
    assert told.begins(place.ada.id, "work", HEALTHY)


def test_what_is_remembered_of_strangers_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 100
    monkeypatch.setattr("chat.domain.limits.recent.MOST", most)
    bounded = limits.Limits(place.chat.store, Config())
    told = Typing(bounded)
    for number in range(ATTEMPTS):
        bounded.spend("message", person=f"p{number}", network=f"2001:db8:0:{number:x}::/64")
        told.begins(f"p{number}", "work", f"2001:db8:0:{number:x}::/64")
    assert {len(buckets) for buckets in bounded._buckets.values()} <= {0, most}
    assert len(told._told) <= most


def test_a_school_behind_one_address_comes_in_and_talks(place: Place) -> None:
    """Five hundred within a minute, some of whom ask for a name that is taken first."""

    def come_in(number: int) -> None:
        if number % 7 == 0:
            with pytest.raises(ChatError):
                place.chat.people.claim(place.ada.name, ADDRESSES[0])
        pupil = place.chat.people.claim(f"Pupil {number}", ADDRESSES[0])
        place.chat.visits.enter(pupil, "work", latest(50), network=ADDRESSES[0])
        place.chat.messages.post(pupil, "work", f"I am {number}", "first", ADDRESSES[0])

    assert place.attempt(come_in, 500) == {"done": 500}
    spoke = place.chat.store.redis.zcard(NAMED[0])
    assert spoke >= 500
