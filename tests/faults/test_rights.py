"""The rights in Redis that docs/operations.md names: enough to serve and to operate, and none too many."""

import re
import subprocess
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
import redis

from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Store
from scripts.environment import environ
from tests.conftest import Connect
from tests.support.clients import unique
from tests.support.redis import Redis
from tests.support.servers import BIN, CHECKOUT, SECRET, Server
from tests.support.waiting import eventually

PASSWORD = "of a user with few rights".replace(" ", "-")
# The two commands of the docs: the rights that serving needs, and those that operators' commands need too.
SERVE, OPERATE = re.findall(r"^(ACL SETUSER chat .*)$", (CHECKOUT / "docs/operations.md").read_text(), re.MULTILINE)


class Limited:
    """A Redis as an operator sets it up for the chat: a user with the rights of the docs, and a replica."""

    def __init__(self, own: Redis) -> None:
        self.admin = own.client()
        self.url = f"redis://chat:{PASSWORD}@127.0.0.1:{own.port}/0"
        self.allow(SERVE)
        self.admin.config_resetstat()

    def allow(self, command: str) -> None:
        """Run a command of the docs."""
        self.admin.execute_command(*command.replace(">PASSWORD", f">{PASSWORD}").split())

    def refused(self) -> list[str]:
        """What somebody tried and may not. redis-py tells its name where it may, and does without it elsewhere."""
        entries = self.admin.acl_log()
        return [f"{each['reason']} {each['object']}" for each in entries if not each["object"].startswith("client")]

    def used(self) -> set[str]:
        """The commands that were called."""
        return {name.removeprefix("cmdstat_").partition("|")[0] for name in self.admin.info("commandstats")}


@pytest.fixture
def limited(own_redis: Redis, start_redis: Callable[..., Redis]) -> Limited:
    """A Redis whose user for the chat has the rights of the docs, and a replica."""
    start_redis(own_redis)
    return Limited(own_redis)


@pytest.fixture
def limited_server(start_server: Callable[..., Server], limited: Limited) -> Iterator[Server]:
    """Two workers with the rights of the docs, that wait for the replica."""
    server = start_server(REDIS_URL=limited.url, CHAT_WAIT_REPLICAS="1", CHAT_RATE_LIMIT="on")
    yield server
    assert not re.search("NOPERM|forbids", server.log), server.log


def visit_pages(server: Server) -> None:
    """Come in, make a room, speak, leave it, and leave the chat, all by forms."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))

    def submit(path: str, **fields: str) -> str:
        with browser.open(server.url + path, urlencode({"csrf_token": token} | fields).encode()) as answer:
            return str(answer.read().decode())

    def opened(path: str) -> str:
        with browser.open(server.url + path) as answer:
            text = answer.read().decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        assert found, text
        return found[1]

    token = opened("/")
    submit("/", name=unique("Page"))
    token = opened("/rooms/work")
    submit("/rooms", name="garden", topic="Beans")
    assert "Sunflowers" in submit("/rooms/garden/messages", msg="Sunflowers", id="s1")
    token = opened("/rooms/garden")
    submit("/rooms/garden/leave")
    token = opened("/rooms/work")
    submit("/leave", sure="yes")


def operate(limited: Limited, *command: str) -> None:
    """Run one of the chat's commands."""
    settings = environ(REDIS_URL=limited.url, SECRET_KEY=SECRET)
    done = subprocess.run([BIN / "flask", *command], cwd=CHECKOUT, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def grow_old(limited: Limited) -> None:
    """Have a room go that was made from some network, and in which nobody said anything."""
    chat = Chat(Store(limited.url), Config(redis_url=limited.url))
    room = chat.rooms.create(unique("attic"), "", chat.people.claim(unique("Cora"), "192.0.2.1"), "192.0.2.1")
    limited.admin.hset(chat.shards.key(room.id), "made", 0)
    chat.sweep.rooms()
    assert room not in chat.rooms.all()


def trim(limited: Limited) -> bool:
    """Look after how much is kept, as a worker does when it is too much; whether something was to be trimmed."""
    limited.admin.delete("chat:retention")
    Chat(Store(limited.url), Config(redis_url=limited.url, store_bytes=1)).retention.look()
    return "xtrim" in limited.used()


def test_the_rights_of_the_docs_serve_and_operate_and_none_is_too_many(
    limited: Limited, limited_server: Server, connect_to: Connect
) -> None:
    ada = connect_to(limited_server, unique("Ada"))
    ben = connect_to(limited_server, unique("Ben"), not_on=limited_server.worker_of(ada.port()))
    ada.wait_told("joined", ben.user)
    said = ada.say("hello")
    ben.wait("message", id=said["id"])
    ada.ok("typing", {"room": "work", "on": True})
    ben.wait("typing", user=ada.user)
    ben.ok("read", {"room": "work", "seq": said["seq"]})
    ben.ok("history", {"room": "work", "before": said["seq"] + 1})
    ben.ok("join", {"room": "work", "after": {"epoch": said["epoch"], "seq": 0}})
    ben.ok("people", {"room": "work"})
    again = connect_to(limited_server)
    again.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
    again.close()
    visit_pages(limited_server)
    for client in (ada, ben):
        client.ok("join", {"room": "garden"})
    ada.wait_told("joined", ben.user, "garden")
    ben.ok("leave", {"room": "garden"})
    ada.wait_told("left", ben.user, "garden")
    grow_old(limited)
    operate(limited, "announce", "The kettle is on")
    ada.wait("announcement", text="The kettle is on")
    for command in (["rooms"], ["people"], ["put-out", "Nobody", "--yes"], ["let-in", "Nobody"]):
        operate(limited, *command)
    operate(limited, "drill", limited_server.url, "--seconds", "1")
    eventually(lambda: trim(limited), what="it is this process that looks")
    assert not limited.refused()
    limited.allow(OPERATE)
    operate(limited, "drill", limited_server.url, "--seconds", "1", "--restart", "redis")
    eventually(limited_server.answers, what="the chat serves again")
    assert not limited.refused()
    given = {each[1:].partition("|")[0] for each in f"{SERVE} {OPERATE}".split() if each.startswith("+")}
    assert given - limited.used() == set()


def test_a_right_that_is_missing_is_noticed(limited: Limited) -> None:
    limited.allow("ACL SETUSER chat -time")
    with pytest.raises(redis.exceptions.NoPermissionError):
        redis.Redis.from_url(limited.url).time()
    assert limited.refused() == ["command time"]
