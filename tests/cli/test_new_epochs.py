"""`flask new-epochs`: every client loads every room anew."""

import subprocess

from chat.config import Config
from scripts.environment import environ
from tests.support.clients import Client
from tests.support.commands import AWAY, refused
from tests.support.servers import BIN, CHECKOUT, SECRET


def test_every_client_on_every_worker_is_told_to_load_anew(ada: Client, ben: Client, config: Config) -> None:
    said = ada.say("before")
    ben.wait("message", id=said["id"])
    settings = environ(REDIS_URL=config.redis_url or "", SECRET_KEY=SECRET)
    done = subprocess.run([BIN / "flask", "new-epochs"], cwd=CHECKOUT, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "another epoch" in done.stdout
    for client in (ada, ben):
        client.wait("resync", room="work")
        answer = client.ok("join", {"room": "work", "after": {"epoch": said["epoch"], "seq": said["seq"]}})
        assert answer["reset"]
        assert answer["epoch"] != said["epoch"]
    again = ada.say("after")
    assert again["seq"] == said["seq"] + 1
    ben.wait("message", id=again["id"])


def test_without_redis_it_says_so() -> None:
    done = refused(AWAY, "new-epochs")
    assert done.exit_code == 1
    assert "Redis does not answer" in done.stderr
