"""`flask announce`: from a process of its own, to everyone connected."""

import subprocess

import pytest

from chat.config import Config
from scripts.environment import environ
from tests.support.clients import Client
from tests.support.commands import AWAY, refused
from tests.support.servers import BIN, CHECKOUT, SECRET


def announce(config: Config, text: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the shared server's Redis."""
    settings = environ(REDIS_URL=config.redis_url or "", SECRET_KEY=SECRET)
    return subprocess.run([BIN / "flask", "announce", text], cwd=CHECKOUT, env=settings, capture_output=True, text=True)


def test_an_announcement_reaches_everyone_on_every_worker(ada: Client, ben: Client, config: Config) -> None:
    done = announce(config, "Tea is ready <b>now</b>")
    assert done.returncode == 0, done.stderr
    for client in (ada, ben):
        assert client.wait("announcement")["text"] == "Tea is ready <b>now</b>"


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001])
def test_a_bad_announcement_is_refused(config: Config, text: str) -> None:
    done = refused(config, "announce", text)
    assert done.exit_code == 2
    assert "1 to 1,000 characters" in done.stderr


def test_an_announcement_that_nobody_can_hear_says_so() -> None:
    done = announce(AWAY, "hello")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "Redis does not answer" in done.stderr
