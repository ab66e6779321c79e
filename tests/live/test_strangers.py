"""Strangers at the doors of real workers, limits on, behind a proxy: the healthy go on, and a school comes in."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from chat.domain.keys import NAMED, ROOMS
from chat.domain.limits.limits import BY_CONNECTION, BY_NETWORK, BY_PERSON
from tests.support.clients import unique
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.websockets import TEXT, PlainSocket, event, frame

WORKERS = 2
FEW = ["192.0.2.1", "192.0.2.2"]
SCHOOL = "203.0.113.5"


@pytest.fixture
def guarded(new_server: Callable[..., Server], own_redis: Redis) -> Server:
    """Two workers behind a proxy, limits on, on a Redis of their own."""
    return new_server(REDIS_URL=own_redis.url, CHAT_TRUSTED_PROXIES="1", CHAT_RATE_LIMIT="on")


class Client(PlainSocket):
    """A connection from an address that a proxy tells."""

    def __init__(self, server: Server, address: str) -> None:
        super().__init__(server, X_Forwarded_For=address)
        assert self.status == 101, self.head
        self.socket.settimeout(90)
        self.send(frame(TEXT, b"40"))
        self.until("40{")

    def call(self, name: str, **payload: object) -> dict[str, object]:
        """Send an event, and return its answer."""
        return self.calls(name, [payload])[0]

    def calls(self, name: str, payloads: list[dict[str, object]]) -> list[dict[str, object]]:
        """Send many events at once, and return their answers."""
        self.send(b"".join(event(name, payload, id=100 + number) for number, payload in enumerate(payloads)))
        return [json.loads(self.until("43")[5:].lstrip("0123456789"))[0] for _ in payloads]


class Browser:
    """Forms, filled in at an address that a proxy tells."""

    def __init__(self, server: Server, address: str) -> None:
        self._url = server.url
        self._address = address
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        """A page."""
        with self._opener.open(self._request(path)) as answer:
            return str(answer.read().decode())

    def submit(self, form: str, path: str, **fields: str) -> int:
        """Fill in the form on one page, which goes to another; the status of the answer."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(form))
        assert token
        try:
            with self._opener.open(
                self._request(path, urlencode({"csrf_token": token[1]} | fields).encode())
            ) as answer:
                return int(answer.status)
        except HTTPError as refused:
            return refused.code

    def _request(self, path: str, data: bytes | None = None) -> Request:
        return Request(self._url + path, data, {"X-Forwarded-For": self._address})


def codes(answers: list[dict[str, object]]) -> Counter[str]:
    """How often each outcome came."""
    return Counter("ok" if each["ok"] else each["error"]["code"] for each in answers)  # type: ignore[index]


def test_a_flood_of_events_from_few_addresses_leaves_the_healthy_talking(guarded: Server, own_redis: Redis) -> None:
    """Ten identities of each of two addresses send all kinds of events, 500 of each at once."""
    ada, ben = Client(guarded, "198.51.100.1"), Client(guarded, "198.51.100.2")
    assert ada.call("setUsername", user="Ada")["ok"] and ben.call("setUsername", user="Ben")["ok"]
    ended, began = False, time.monotonic()

    def flood(number: int) -> dict[str, Counter[str]]:
        client = Client(guarded, FEW[number % 2])
        assert client.call("setUsername", user=f"Stranger {number}")["ok"]
        return {
            "typing": codes(client.calls("typing", [{"room": "work", "on": n % 2 == 0} for n in range(500)])),
            "sendMessage": codes(client.calls("sendMessage", [{"msg": "buy", "id": f"i{n}"} for n in range(500)])),
            "join": codes(client.calls("join", [{"room": "work", "limit": 0} for _ in range(500)])),
        }

    def talk() -> list[float]:
        waits = []
        while not ended or not waits:
            asked = time.monotonic()
            answer = ada.call("sendMessage", msg="hello", id=f"id{len(waits)}")
            assert answer["ok"], answer
            waits.append(time.monotonic() - asked)
            time.sleep(0.6)
        return waits

    with ThreadPoolExecutor(21) as threads:
        talking = threads.submit(talk)
        outcomes = list(threads.map(flood, range(20)))
        ended = True
        waits = talking.result(90)
    took = time.monotonic() - began
    assert max(waits) < max(5, took / 4)
    said = sum(each["sendMessage"]["ok"] for each in outcomes)
    burst = BY_PERSON["message"].pace.burst
    assert 20 * burst <= said <= 20 * (burst + 2 * took + 2)
    assert sum(each["sendMessage"]["too_fast"] for each in outcomes) == 20 * 500 - said
    assert {each["typing"]["ok"] for each in outcomes} == {500}
    ben.send(event("ping", {}, id=7))
    typed = hellos = 0
    while not (came := ben.until("4")).startswith("437["):
        typed += came.startswith('42["typing"')
        hellos += '"text":"hello"' in came
    assert hellos == len(waits)
    assert typed <= 20 * (took + 4)


def test_claims_by_socket_and_by_page_that_fail_lock_nobody_out(guarded: Server, own_redis: Redis) -> None:
    def guess(number: int) -> Counter[str]:
        client = Client(guarded, FEW[number % 2])
        tries = [{"user": "admin", "token": f"guess {n}"} for n in range(100)]
        return codes(client.calls("setUsername", tries))

    def ask(number: int) -> int:
        return Browser(guarded, FEW[number % 2]).submit("/", "/", name="admin")

    with ThreadPoolExecutor(10) as strangers:
        by_socket = sum(strangers.map(guess, range(100)), Counter[str]())
        by_page = Counter(strangers.map(ask, range(100)))
    assert by_socket.total() == 10_000
    # A connection has so many tries, of which some are answered with the reason.
    assert by_socket["name_reserved"] < 100 * (BY_CONNECTION["claim"].pace.burst + 5)
    assert set(by_socket) == {"too_fast", "name_reserved"}
    assert set(by_page) <= {400, 429}
    # Their neighbours come in, by either door.
    assert Client(guarded, FEW[0]).call("setUsername", user=unique("Neighbour"))["ok"]
    browser = Browser(guarded, FEW[1])
    assert browser.submit("/", "/", name=unique("Neighbour")) == 200
    assert sum(own_redis.client().zcard(key) for key in NAMED) == 2


def test_rooms_are_made_from_few_addresses_at_a_pace(guarded: Server, own_redis: Redis) -> None:
    def make(number: int) -> Counter[int]:
        browser = Browser(guarded, FEW[number % 2])
        assert browser.submit("/", "/", name=f"Maker {number}") == 200
        return Counter(browser.submit("/rooms", "/rooms", name=f"room {number} {n}") for n in range(8))

    with ThreadPoolExecutor(8) as strangers:
        outcomes = sum(strangers.map(make, range(16)), Counter[int]())
    made = len(FEW) * BY_NETWORK["room"].pace.burst
    assert outcomes == {200: made, 429: 16 * 8 - made}
    healthy = Browser(guarded, "198.51.100.1")
    assert healthy.submit("/", "/", name="Ada") == 200
    assert healthy.submit("/rooms", "/rooms", name="ours") == 200
    assert own_redis.client().zcard(ROOMS) == made + 2


def test_a_school_of_500_behind_one_address_comes_in_and_talks(guarded: Server, own_redis: Redis) -> None:
    def come_in(number: int) -> Client:
        pupil = Client(guarded, SCHOOL)
        for name, payload in (
            ("setUsername", {"user": f"Pupil {number}"}),
            ("typing", {"room": "work", "on": True}),
            ("sendMessage", {"msg": f"I am {number}", "id": "first"}),
        ):
            answer = pupil.call(name, **payload)
            assert answer["ok"], answer
        return pupil

    with ThreadPoolExecutor(25) as pupils:
        here = list(pupils.map(come_in, range(500)))
    answer = here[0].call("join", room="work")
    assert answer["head"] == 500
    assert own_redis.client().zcard(NAMED[0]) == 500
    for each in here:
        each.socket.close()
