"""What a client and a browser are told while Redis does not answer, and how soon all is well again."""

import http.client
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.conftest import Connect
from tests.support.clients import Client, NodeClient, unique
from tests.support.proxy import Link, Proxy
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.waiting import eventually

# The two that are promised, and some for a busy machine.
TWO_SECONDS = 2.3


def get(server: Server, path: str) -> tuple[int, str]:
    """A page's status and text."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def get_or_nothing(server: Server, path: str) -> tuple[int, str]:
    """A page's status and text; status 0 while nobody listens."""
    try:
        return get(server, path)
    except OSError:
        return 0, ""


@pytest.fixture
def cora(own_server: Server, connect_to: Connect) -> Client:
    """Cora, at the server that the test may break."""
    return connect_to(own_server, unique("Cora"))


@pytest.fixture
def dan(own_server: Server, connect_to: Connect, cora: Client) -> Client:
    """Dan, at the other worker than Cora."""
    return connect_to(own_server, unique("Dan"), NodeClient, not_on=own_server.worker_of(cora.port()))


def test_a_send_is_answered_within_two_seconds_with_when_to_retry(cora: Client, own_redis: Redis) -> None:
    own_redis.freeze()
    began = time.monotonic()
    error = cora.refused("sendMessage", {"msg": "hello", "id": "one"})
    assert time.monotonic() - began < TWO_SECONDS
    assert error["code"] == "unavailable"
    assert error["retry_after"] == 1
    own_redis.thaw()
    answer = eventually(lambda: cora.call("sendMessage", {"msg": "hello", "id": "one"}))
    assert answer["ok"]
    assert cora.ok("sendMessage", {"msg": "hello", "id": "one"})["seq"] == answer["seq"]


def test_hundreds_at_once_are_answered_within_two_seconds_too(
    own_server: Server, connect_to: Connect, own_redis: Redis
) -> None:
    clients = [connect_to(own_server, unique("Many")) for _ in range(20)]
    own_redis.freeze()

    def send(number: int) -> float:
        began = time.monotonic()
        client = clients[number % len(clients)]
        assert client.refused("sendMessage", {"msg": "x", "id": uuid.uuid4().hex})["code"] == "unavailable"
        return time.monotonic() - began

    with ThreadPoolExecutor(len(clients)) as pool:
        assert max(pool.map(send, range(len(clients)))) < TWO_SECONDS
    with ThreadPoolExecutor(300) as pool:
        pages = list(pool.map(lambda _: timed(lambda: get(own_server, "/")), range(300)))
    assert {status for _, (status, _) in pages} == {503}
    assert max(seconds for seconds, _ in pages) < TWO_SECONDS


def test_a_page_says_so_and_all_is_well_again_at_once(own_server: Server, own_redis: Redis, cora: Client) -> None:
    own_redis.kill()
    status, text = get(own_server, "/")
    assert status == 503
    assert "cannot reach its memory just now" in text
    eventually(lambda: get(own_server, "/readyz")[0] == 503, within=3)
    assert get(own_server, "/healthz")[0] == 200
    own_redis.start()
    eventually(lambda: get(own_server, "/readyz")[0] == 200, within=3)
    assert get(own_server, "/")[0] == 200


def test_who_is_here_and_who_types_is_told_soon_after_redis_was_away(
    cora: Client, dan: Client, own_redis: Redis, own_server: Server, connect_to: Connect
) -> None:
    own_redis.kill()
    # As long as the stock listener of the message queue would by now wait for half a minute.
    time.sleep(20)
    own_redis.start()
    eventually(lambda: cora.call("typing", {"room": "work", "on": True})["ok"])
    began = time.monotonic()

    def heard() -> bool:
        cora.call("typing", {"room": "work", "on": False})
        cora.call("typing", {"room": "work", "on": True})
        return bool(dan.got("typing", on=True))

    eventually(heard, within=5)
    assert time.monotonic() - began < 5
    eve = connect_to(own_server, unique("Eve"))
    for client in (cora, dan):
        client.wait_told("joined", eve.user)


def test_a_reader_of_the_bus_that_stalls_is_seen_and_goes_on_by_itself(
    redis_proxy: Proxy, proxied_server: Server, connect_to: Connect
) -> None:
    cora = connect_to(proxied_server, unique("Cora"))
    dan = connect_to(proxied_server, unique("Dan"), not_on=proxied_server.worker_of(cora.port()))
    stalled: list[Link] = []

    def reads_the_bus(link: Link) -> bool:
        if b"XREAD" in link.sent:
            stalled.append(link)
        return link in stalled

    redis_proxy.swallows = reads_the_bus
    cora.say("while nobody reads")
    eventually(lambda: get(proxied_server, "/readyz")[0] == 503, within=10)
    redis_proxy.swallows = lambda link: link in stalled
    for client in (cora, dan):
        eventually(lambda client=client: client.texts("work") == ["while nobody reads"], within=5)
    eventually(lambda: get(proxied_server, "/readyz")[0] == 200, within=5)


def test_without_the_replicas_asked_for_nothing_is_promised(
    start_server: Callable[..., Server], start_redis: Callable[..., Redis], own_redis: Redis, connect_to: Connect
) -> None:
    server = start_server(ready=False, CHAT_WAIT_REPLICAS="1")
    eventually(lambda: get_or_nothing(server, "/readyz")[0] == 503, within=30)
    assert "Too few replicas" in get(server, "/readyz")[1]
    cora = connect_to(server, unique("Cora"))
    also_cora = connect_to(server, not_on=server.worker_of(cora.port()))
    also_cora.ok("setUsername", {"user": cora.user["name"], "token": cora.token})
    for _ in range(2):
        assert cora.refused("sendMessage", {"msg": "safe", "id": "one"})["code"] == "unavailable"
    replica = start_redis(own_redis)
    assert cora.ok("sendMessage", {"msg": "safe", "id": "one"})["seq"] == 1
    eventually(lambda: get(server, "/readyz")[0] == 200)
    replica.freeze()
    # A repeat writes nothing to the log, and must still not be promised: by another connection to Redis, too.
    for client in (cora, also_cora, cora):
        assert client.refused("sendMessage", {"msg": "safer", "id": "two"})["code"] == "unavailable"
    replica.thaw()
    assert cora.ok("sendMessage", {"msg": "safer", "id": "two"})["seq"] == 2
    assert cora.texts("work") == ["safe", "safer"]


def test_names_that_the_store_lost_are_kept_by_who_is_connected(
    cora: Client, dan: Client, own_redis: Redis, own_server: Server, connect_to: Connect
) -> None:
    cora.say("before")
    own_redis.client().flushall()
    for client in (cora, dan):
        client.wait("resync", room="work")
        client.ok("join", {"room": "work"})
    stranger = connect_to(own_server)
    assert stranger.refused("setUsername", {"user": cora.user["name"]})["code"] == "name_taken"
    again = stranger.ok("setUsername", {"user": cora.user["name"], "token": cora.token})
    assert again["user"] == cora.user
    cora.say("after")
    dan.wait("message", text="after")
    assert json.loads(own_redis.client().xrange("chat:{0}:room:work:log")[0][1]["e"])["text"] == "after"


def timed(act: Callable[[], tuple[int, str]]) -> tuple[float, tuple[int, str]]:
    """How long it took, in seconds, and what came of it."""
    began = time.monotonic()
    result = act()
    return time.monotonic() - began, result
