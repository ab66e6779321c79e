"""The process: every way to start the chat serves it, quietly, and stops whole."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import socketio

from chat.config import Config
from chat.domain.shards import Shards
from chat.store.connection import Store
from scripts.environment import environ
from tests.support.clients import NodeClient, PythonClient, unique
from tests.support.redis import Redis
from tests.support.servers import BIN, CHECKOUT, SECRET, Server
from tests.support.waiting import eventually

WAYS = {
    "make run": ["make", "--silent", "run"],
    "procfile": ["sh", "-c", "exec " + (CHECKOUT / "Procfile").read_text().removeprefix("web: ")],
    "flask run": [str(BIN / "flask"), "run"],
    "flask run --debug": [str(BIN / "flask"), "run", "--debug"],
    "python app.py": [sys.executable, "app.py"],
}
Start = Callable[..., Server]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Start]:
    """Starts the chat in one of its ways, with a private Redis of its own, and stops it as Ctrl-C does."""
    servers: list[Server] = []

    def start(way: str, **settings: str) -> Server:
        folder = tmp_path / "chat"
        server = Server(folder, command=WAYS[way], **{"PATH": f"{BIN}:{os.environ['PATH']}", **settings})
        servers.append(server)
        return server

    yield start
    for server in servers:
        interrupt(server)


def interrupt(server: Server) -> None:
    """Send what the terminal sends on Ctrl-C: an interrupt to the whole group."""
    if server.popen.poll() is None:
        os.killpg(server.popen.pid, signal.SIGINT)
        server.popen.wait(20)


def redis_servers(server: Server) -> list[psutil.Process]:
    """The private Redis of a server, if it runs."""
    folder = str(server.log_path.parent)
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "redis-server" and process.cwd().startswith(folder):
                found.append(process)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_start_serves_two_who_talk_and_stops_whole(checkout: Start, way: str) -> None:
    server = checkout(way).started()
    ada, ben = PythonClient(server.url).named("Ada"), NodeClient(server.url).named("Ben")
    said = ada.say("hello")
    assert ben.wait("message", id=said["id"])["text"] == "hello"
    # By the message queue.
    ada.ok("typing", {"room": "work", "on": True})
    ben.wait("typing", user=ada.user)
    assert len(redis_servers(server)) == 1
    for client in (ada, ben):
        client.close()
    assert f":{server.port}" in server.log
    assert "x1b" not in server.log
    interrupt(server)
    eventually(lambda: not redis_servers(server), what="the private Redis stopped")
    assert "Traceback" not in server.log, server.log


def test_a_second_start_has_what_was_said(checkout: Start) -> None:
    first = checkout("make run").started()
    ada = PythonClient(first.url).named("Ada")
    said = ada.say("still here tomorrow")
    ada.close()
    interrupt(first)
    second = checkout("make run").started()
    ben = PythonClient(second.url)
    answer = ben.ok("setUsername", {"user": "Ben"})
    assert [entry["id"] for entry in answer["entries"]] == [said["id"]]
    ben.close()


def test_the_reloader_keeps_the_data_and_the_clients_come_back(checkout: Start) -> None:
    server = checkout("flask run --debug").started()
    connects: list[str] = []
    client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.5)
    client.on("connect", lambda: connects.append("connect"))
    client.connect(server.url, transports=["websocket"])
    told = client.call("setUsername", {"user": "Ada"})
    client.call("sendMessage", {"msg": "before", "id": "1"})
    # As an editor does when it saves.
    os.utime(CHECKOUT / "chat" / "logs.py")
    eventually(lambda: len(connects) > 1, within=30, what="the client came back")
    again = client.call("setUsername", {"user": "Ada", "token": told["token"]})
    assert again["user"] == told["user"]
    assert [entry["text"] for entry in again["entries"]] == ["before"]
    client.disconnect()


def test_the_log_is_quiet_while_people_come_and_go(checkout: Start) -> None:
    server = checkout("make run", CHAT_NAME="Harbour").started()
    for _ in range(5):
        client = PythonClient(server.url).named(unique("Guest"))
        client.say("hello")
        client.close()
    interrupt(server)
    lines = server.log.splitlines()
    assert len(lines) == 2, server.log
    found, served = lines
    assert re.search(r"(Redis|Valkey) \S+ at 127.0.0.1:\d+/0: append-only file, maxmemory-policy noeviction$", found)
    assert served == f"Harbour is at {server.url}"


@pytest.mark.parametrize("way", ["procfile", "python app.py"])
def test_a_misspelt_setting_is_told_of(checkout: Start, way: str) -> None:
    server = checkout(way, CHAT_MAX_ROOM="5").started()
    assert "CHAT_MAX_ROOM is none of the chat's settings; CHAT_MAX_ROOMS is." in server.log.splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_setting_stops_the_start_with_one_sentence(checkout: Start, way: str) -> None:
    server = checkout(way, CHAT_RATE_LIMIT="perhaps")
    assert server.popen.wait(20) != 0
    assert "CHAT_RATE_LIMIT is 'perhaps', but must be one of on, off." in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize("way", ["procfile", "flask run", "python app.py"])
def test_a_redis_whose_rooms_are_spread_otherwise_stops_the_start(checkout: Start, own_redis: Redis, way: str) -> None:
    Shards(Config(bus_shards=4)).check(Store(own_redis.url))
    server = checkout(way, REDIS_URL=own_redis.url, SECRET_KEY=SECRET, CHAT_BUS_SHARDS="2")
    assert server.popen.wait(20) != 0
    assert server.log.count("The chat cannot start: CHAT_BUS_SHARDS is 2, but must be 4: ") == 1
    assert "Traceback" not in server.log


def test_a_deployment_without_a_key_is_refused(checkout: Start) -> None:
    server = checkout("procfile", REDIS_URL="redis://127.0.0.1:1/0")
    assert server.popen.wait(20) != 0
    assert "SECRET_KEY is not set" in server.log


def test_there_are_as_many_workers_as_are_asked_for(checkout: Start) -> None:
    server = checkout("procfile", WEB_CONCURRENCY="3").started()
    eventually(lambda: len(server.worker_pids()) == 3)


def test_settings_of_gunicorn_fit_the_chat() -> None:
    settings = environ(SECRET_KEY=SECRET)
    shown = subprocess.run(
        [BIN / "gunicorn", "--print-config", "--check-config", "app:app"],
        cwd=CHECKOUT, env=settings, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = dict(re.findall(r"^(\w+)\s+= (.*)$", shown, re.MULTILINE))
    assert int(found["worker_connections"]) > 10_000
    assert found["preload_app"] == "False"
    assert found["max_requests"] == "0"


def test_sigterm_closes_connections_properly_and_ends_in_seconds(checkout: Start) -> None:
    server = checkout("procfile").started()
    closes: list[str] = []
    clients = []
    for number in range(20):
        client = socketio.Client(reconnection=False)
        client.on("disconnect", closes.append)
        client.connect(server.url, transports=["websocket"])
        client.call("setUsername", {"user": f"Guest {number}"})
        clients.append(client)
    began = time.monotonic()
    # Twice, as Heroku does: to gunicorn, and to each of its processes.
    for _ in range(2):
        for pid in [server.popen.pid, *server.worker_pids()]:
            os.kill(pid, signal.SIGTERM)
    assert server.popen.wait(15) == 0
    assert time.monotonic() - began < 5
    eventually(lambda: len(closes) == 20)
    assert server.log.splitlines()[-1] == f"Chat is at {server.url}".replace("127.0.0.1", "0.0.0.0")
    for client in clients:
        client.disconnect()


def test_workers_end_with_a_gunicorn_that_was_killed(checkout: Start) -> None:
    server = checkout("procfile").started()
    workers = [psutil.Process(pid) for pid in server.worker_pids()]
    os.kill(server.popen.pid, signal.SIGKILL)
    eventually(lambda: not any(alive(worker) for worker in workers), within=15)
    eventually(lambda: not redis_servers(server), what="the private Redis stopped")


def alive(process: psutil.Process) -> bool:
    """Whether a process runs: one that ended and was not asked for its status yet does not."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
