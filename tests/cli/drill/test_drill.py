"""`flask drill`: the promise, checked on a chat that runs."""

import subprocess
import time
from collections.abc import Callable

from chat.config import Config
from chat.domain import Chat
from chat.domain.keys import UNLISTED
from chat.domain.limits.limits import UNSPOKEN_LEASE
from scripts.environment import environ
from tests.support.clients import Client
from tests.support.servers import BIN, CHECKOUT, SECRET, Server
from tests.support.waiting import eventually


def drill(config: Config, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the shared server's Redis, for a short while."""
    return subprocess.run(
        [BIN / "flask", "drill", "--seconds", "4", *arguments],
        cwd=CHECKOUT,
        env=environ(**{"REDIS_URL": config.redis_url or "", "SECRET_KEY": SECRET} | settings),
        capture_output=True,
        text=True,
    )


def test_a_sound_chat_passes_and_nothing_of_the_drill_stays(
    server: Server, config: Config, chat: Chat, ada: Client
) -> None:
    before = set(chat.store.redis.scan_iter(count=1000))
    done = drill(config, server.url, "--rate", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing lost, nothing doubled, one order." in done.stdout
    assert "Drill one" in done.stdout and "p99" in done.stdout
    new = set(chat.store.redis.scan_iter(count=1000)) - before
    # The count of names that were claimed runs out by itself.
    assert [key for key in new if "drill" in key and "pace" not in key] == []
    assert [row.id for row in chat.rooms.all() if "drill" in row.id] == []
    assert "drill" not in str(ada.events).lower()


def test_what_a_killed_drill_leaves_ends_by_itself(server: Server, config: Config, chat: Chat) -> None:
    redis = chat.store.redis
    command = [BIN / "flask", "drill", "--seconds", "60", server.url]
    settings = environ(REDIS_URL=config.redis_url or "", SECRET_KEY=SECRET)
    with subprocess.Popen(command, cwd=CHECKOUT, env=settings, stdout=subprocess.DEVNULL) as running:
        try:
            room = eventually(lambda: redis.zrange(UNLISTED, 0, -1), within=30, what="the drill has a room")[0]
            said = chat.shards.key(room, "log")
            eventually(lambda: redis.xlen(said) > 2, within=30, what="its people talk")
            members = redis.zrange(chat.shards.key(room, "members"), 0, -1)
        finally:
            running.kill()
    assert 60 < redis.zscore(UNLISTED, room) - time.time() < 600
    redis.zadd(UNLISTED, {room: time.time() - 1})
    chat.sweep.unlisted()
    assert redis.exists(*chat.shards.keys(room, "", "members", "log", "sent")) == 0
    assert len(members) == 2
    for id in members:
        assert 0 < redis.ttl(f"chat:{{people}}:user:{id}") <= UNSPOKEN_LEASE


def test_a_restarted_worker_is_back_and_nothing_was_lost(new_server: Callable[..., Server], config: Config) -> None:
    server = new_server()
    workers = set(server.worker_pids())
    done = drill(config, server.url, "--rate", "10", "--restart", "worker")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a worker restarts" in done.stdout
    # The old one may still be taking its leave.
    eventually(lambda: len(workers - set(server.worker_pids())) == 1)


def test_a_redis_that_drops_everybody_loses_nothing(server: Server, config: Config) -> None:
    done = drill(config, server.url, "--restart", "redis")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every connection to Redis is dropped" in done.stdout


def test_a_chat_that_is_not_there_or_is_another_one_is_said_in_a_sentence(server: Server, config: Config) -> None:
    done = drill(config, "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "Nothing answers at http://127.0.0.1:9" in done.stderr
    done = drill(config, server.url, SECRET_KEY="another key, long enough")
    assert done.returncode == 1
    assert "is it another one?" in done.stderr
    assert "Traceback" not in done.stderr
