"""The message queue of one chat among others on the same Redis."""

import subprocess
from collections.abc import Callable

from scripts.environment import environ
from tests.conftest import Connect
from tests.support.clients import unique
from tests.support.redis import Redis
from tests.support.servers import BIN, CHECKOUT, SECRET, Server


def announce(url: str, text: str) -> None:
    """Say something to everybody in one of the chats."""
    settings = environ(REDIS_URL=url, SECRET_KEY=SECRET)
    subprocess.run([BIN / "flask", "announce", text], cwd=CHECKOUT, env=settings, check=True, capture_output=True)


def test_two_chats_in_two_databases_of_one_redis_hear_nothing_of_each_other(
    own_redis: Redis, new_server: Callable[..., Server], connect_to: Connect
) -> None:
    urls = [f"redis://127.0.0.1:{own_redis.port}/{number}" for number in (0, 1)]
    servers = [new_server(REDIS_URL=url, WEB_CONCURRENCY="1") for url in urls]
    listeners, talkers = ([connect_to(server, unique(name)) for server in servers] for name in ("Ada", "Ben"))
    for listener, talker in zip(listeners, talkers, strict=True):
        talker.ok("typing", {"room": "work", "on": True})
        listener.wait("typing", user=talker.user)
    # What came of the one before would be heard before this.
    for text, of in (("first", 0), ("second", 1), ("third", 0)):
        announce(urls[of], text)
        listeners[of].wait("announcement", text=text)
    assert [[each["text"] for each in listener.got("announcement")] for listener in listeners] == [
        ["first", "third"],
        ["second"],
    ]
    for listener, talker in zip(listeners, talkers, strict=True):
        assert {each["user"]["id"] for each in listener.got("typing")} == {talker.user["id"]}
