"""`flask people`, `flask put-out` and `flask let-in`, beside a chat that runs."""

import json
import subprocess
from typing import Any

import pytest

from chat.config import Config
from chat.domain import Chat
from scripts.environment import environ
from tests.conftest import Connect
from tests.support.clients import Client, PythonClient, unique
from tests.support.commands import AWAY, refused
from tests.support.servers import BIN, CHECKOUT, SECRET


def flask(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command against the shared server's Redis."""
    settings = environ(REDIS_URL=config.redis_url or "", SECRET_KEY=SECRET)
    return subprocess.run([BIN / "flask", *arguments], cwd=CHECKOUT, env=settings, capture_output=True, text=True)


def told(config: Config, *arguments: str) -> dict[str, Any]:
    """What a command answers in JSON."""
    done = flask(config, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_people_are_listed_with_whether_they_are_online_and_in_how_many_rooms(
    config: Config, ada: Client, chat: Chat, room: str
) -> None:
    ada.ok("join", {"room": room})
    away = chat.people.claim(unique("Away"), "")
    (row,) = told(config, "people", "--like", ada.user["name"].upper())["people"]
    assert row | {"seen": 0} == {**ada.user, "online": True, "seen": 0, "rooms": 2}
    assert row["seen"] > 1_600_000_000
    (row,) = told(config, "people", "--like", away.name)["people"]
    assert row == {**away.as_dict(), "online": False, "seen": 0, "rooms": 0}
    table = flask(config, "people", "--like", "a", "--limit", "1").stdout.splitlines()
    assert table[0].split() == ["NAME", "ID", "SEEN", "(UTC)", "ROOMS"]
    assert len(table) == 3 and "--start 1 goes on" in table[2]


def test_whoever_is_put_out_is_gone_everywhere_and_does_not_return_until_let_in(
    config: Config, connect: Connect, server, chat: Chat, ada: Client, ben: Client, room: str
) -> None:
    assert isinstance(ada, PythonClient)
    elsewhere = connect(not_on=server.worker_of(ada.port()))
    elsewhere.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
    for client in (ada, elsewhere, ben):
        client.ok("join", {"room": room})
    asked = flask(config, "put-out", ada.user["name"])
    assert asked.returncode == 1 and "Put " in asked.stderr
    assert ada.ok("ping", {})

    # However it is written.
    assert told(config, "put-out", ada.user["name"].lower(), "--yes")["id"] == ada.user["id"]
    for client in (ada, elsewhere):
        said = client.wait("signedOut", within=5)
        assert said["message"] == f"{ada.user['name']} was put out of this chat by the people who run it."
        assert client.ended.wait(5)
    ben.wait_told("left", ada.user, room)
    assert chat.people.find(ada.user["id"]) is None
    assert chat.access.strangers(room, [ada.user["id"]]) == [ada.user["id"]]
    for name in (ada.user["name"], ada.user["name"].upper(), ada.user["name"].replace("a", "\u0430")):
        error = connect().refused("setUsername", {"user": name, "token": ada.token})
        assert error["code"] == "put_out", name
    names = [each["name"] for each in told(config, "people", "--put-out")["people"]]
    assert ada.user["name"] in names
    assert ada.user["name"] in flask(config, "people", "--put-out").stdout

    assert told(config, "let-in", ada.user["name"].upper()) == {"name": ada.user["name"]}
    back = connect(ada.user["name"])
    assert back.user["id"] != ada.user["id"]


def test_a_name_that_nobody_has_can_be_kept_out_too(config: Config, connect: Connect) -> None:
    name = unique("Nobody")
    assert f"Nobody is called {name}." in flask(config, "put-out", name, "--yes").stdout
    assert told(config, "put-out", name, "--yes") == {"name": name, "id": None}
    assert connect().refused("setUsername", {"user": name})["code"] == "put_out"
    assert told(config, "let-in", name)["name"] == name
    connect(name)


def test_a_name_that_only_looks_like_somebodys_puts_nobody_out(config: Config, ada: Client) -> None:
    done = flask(config, "put-out", ada.user["name"].replace("A", "\u0410"), "--yes")
    assert done.returncode == 1
    assert f"somebody is called {ada.user['name']}" in done.stderr
    assert ada.ok("ping", {})


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("let-in", "Nobody At All"), "was not put out"),
        (("put-out", " ", "--yes"), "Say which name"),
        (("people", "--limit", "0"), "--limit"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(config: Config, command: tuple[str, ...], said: str) -> None:
    assert said in refused(config, *command).stderr


@pytest.mark.parametrize(
    "command", [("people",), ("put-out", "x", "--yes"), ("let-in", "x"), ("rooms",), ("remove-room", "x")]
)
def test_a_redis_that_is_away_is_one_sentence(command: tuple[str, ...]) -> None:
    done = refused(AWAY, *command)
    assert done.exit_code == 1
    assert "Redis does not answer" in done.stderr
