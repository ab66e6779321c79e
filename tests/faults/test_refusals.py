"""A Redis that refuses: what goes on all the same, what people and operators are told, and that no process ends."""

import http.client
import os
import re
import signal
from collections.abc import Callable
from contextlib import closing

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.store.connection import Store
from tests.conftest import Connect
from tests.support.clients import Client, unique
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.refusals import REFUSALS, relent
from tests.support.servers import Server
from tests.support.waiting import eventually

# Refusals of writes alone, and what they are called.
WRITES = {
    "OOM": "Redis is full",
    "NOREPLICAS": "Redis has too few replicas to take writes",
    "MISCONF": "Redis cannot save to its disk, and takes no writes",
}


def ask(server: Server, path: str, cookie: str = "") -> tuple[int, str, dict[str, str]]:
    """A page's status, text and headers."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())


def is_ready(server: Server, said: str = "") -> bool:
    """Whether `/readyz` says that the server is, or, with `said`, that it is not and why."""
    status, text, headers = ask(server, "/readyz")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"].startswith("text/plain")
    assert status in (200, 503)
    if said:
        return status == 503 and said in text
    return status == 200 and text.startswith("ready\n")


@pytest.fixture
def one_worker(start_server: Callable[..., Server]) -> Server:
    """A server of one worker, which all that is asked reaches."""
    server = start_server(ready=False, WEB_CONCURRENCY="1")
    return server.started()


@pytest.fixture
def ada(one_worker: Server, connect_to: Connect) -> Client:
    """Ada, who said something before it was too late."""
    ada = connect_to(one_worker, unique("Ada"))
    ada.say("before")
    return ada


def test_who_reads_goes_on_while_redis_takes_no_writes(
    one_worker: Server, own_redis: Redis, ada: Client, connect_to: Connect
) -> None:
    for code, said in WRITES.items():
        REFUSALS[code](own_redis.client())
        eventually(lambda said=said: is_ready(one_worker, said))
        assert ada.refused("sendMessage", {"msg": "no", "id": code})["code"] == "unavailable"
        assert [entry["text"] for entry in ada.ok("join", {"room": "work"})["entries"]] == ["before"]
        assert [entry["text"] for entry in ada.ok("history", {"room": "work"})["entries"]] == ["before"]
        assert ada.ok("people", {"room": "work"})["count"] == 1
        again = connect_to(one_worker)
        again.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
        again.close()
        assert connect_to(one_worker).refused("setUsername", {"user": unique("Ben")})["code"] == "unavailable"
        relent(own_redis.client())
        eventually(lambda: is_ready(one_worker))
    log = one_worker.log
    assert "Traceback" not in log
    assert len(log.splitlines()) < 15, log


def test_a_redis_that_is_full_lets_people_go(
    one_worker: Server, own_redis: Redis, ada: Client, connect_to: Connect
) -> None:
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, rate_limit=False))
    chat.rooms.create("garden", "", Person(ada.user["id"], ada.user["name"]))
    ben = connect_to(one_worker, unique("Ben"))
    for client in (ada, ben):
        client.ok("join", {"room": "garden"})
    REFUSALS["OOM"](own_redis.client())
    eventually(lambda: is_ready(one_worker, "Redis is full"))
    ben.ok("leave", {"room": "garden"})
    assert ben.refused("history", {"room": "garden"})["code"] == "room_not_found"
    # As the page does for who gives the name back.
    chat.sign_out(ben.user["id"])
    ben.wait("signedOut")
    assert chat.people.find(ben.user["id"]) is None
    relent(own_redis.client())
    eventually(lambda: is_ready(one_worker))
    assert ada.say("after")["seq"] == 2
    connect_to(one_worker, ben.user["name"])


def test_rights_that_are_missing_are_one_line_and_no_traceback(
    one_worker: Server, own_redis: Redis, ada: Client
) -> None:
    REFUSALS["NOPERM"](own_redis.client())
    eventually(lambda: is_ready(one_worker, "Redis forbids this user what the chat needs"))
    for number in range(20):
        assert ada.refused("sendMessage", {"msg": "no", "id": str(number)})["code"] == "unavailable"
    relent(own_redis.client())
    eventually(lambda: is_ready(one_worker))
    assert one_worker.log.count("Redis forbids this user") == 1
    assert "Traceback" not in one_worker.log


def test_a_message_queue_that_is_forbidden_is_told(start_server: Callable[..., Server], own_redis: Redis) -> None:
    own_redis.client().acl_setuser(
        "default", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-subscribe"], channels=["*"]
    )
    server = start_server(ready=False)
    eventually(lambda: "is at" in server.log, within=30)
    assert "Redis forbids this user what the chat needs" in server.log
    eventually(lambda: is_ready(server, "The message queue is not heard"))
    relent(own_redis.client())
    eventually(lambda: is_ready(server), within=15)


@pytest.mark.parametrize("code", list(WRITES))
def test_a_worker_that_is_killed_while_redis_refuses_ends_nobody_else(
    own_server: Server, own_redis: Redis, connect_to: Connect, code: str
) -> None:
    ada = connect_to(own_server, unique("Ada"))
    killed = next(pid for pid in own_server.worker_pids() if pid != own_server.worker_of(ada.port()))
    REFUSALS[code](own_redis.client())
    os.kill(killed, signal.SIGKILL)
    eventually(
        lambda: len(own_server.worker_pids()) == 2 and killed not in own_server.worker_pids(), within=20, what="another"
    )
    assert ada.refused("sendMessage", {"msg": "no", "id": "one"})["code"] == "unavailable"
    assert own_server.popen.poll() is None
    relent(own_redis.client())
    assert ada.say("well again")
    newcomers = [connect_to(own_server, unique("Ben"), not_on=own_server.worker_of(ada.port()))]
    assert newcomers[0].ok("history", {"room": "work"})["entries"][-1]["text"] == "well again"


def test_a_primary_that_is_demoted_and_keeps_its_connections_is_left(
    start_redis: Callable[..., Redis],
    own_redis: Redis,
    redis_proxy: Proxy,
    proxied_server: Server,
    connect_to: Connect,
) -> None:
    ada = connect_to(proxied_server, unique("Ada"))
    ben = connect_to(proxied_server, unique("Ben"), not_on=proxied_server.worker_of(ada.port()))
    ada.say("before")
    ben.wait("message", text="before")
    successor = start_redis(own_redis)
    redis_proxy.target = successor.port
    successor.promote()
    own_redis.client().replicaof("127.0.0.1", str(successor.port))
    eventually(lambda: ada.call("sendMessage", {"msg": "after", "id": "after"})["ok"], within=5)
    ben.wait("message", text="after", within=5)
    ben.ok("typing", {"room": "work", "on": True})
    eventually(lambda: successor.client().pubsub_numsub("chat:0")[0][1] == 2, what="the queue has moved too")

    def typed() -> bool:
        ben.call("typing", {"room": "work", "on": False})
        ben.call("typing", {"room": "work", "on": True})
        return bool(ada.got("typing", user=ben.user, on=True))

    eventually(typed)
    eventually(lambda: is_ready(proxied_server))
    assert ada.texts("work") == ben.texts("work") == ["before", "after"]
    lines = [line for line in proxied_server.log.splitlines() if re.search("WARNING|ERROR", line)]
    # Of each worker: that it began, and that it is over.
    assert len(lines) <= 4, lines
