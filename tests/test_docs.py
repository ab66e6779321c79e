"""The clients that the documentation shows, word for word: they answer, also after the chat was restarted."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clients import PythonClient, unique
from tests.support.servers import CHECKOUT, Server
from tests.support.waiting import eventually

StartBot = Callable[[str, str, Server], None]
CLIENTS = {
    "README.md in Python": ("README.md", "python", "hello", "You said: hello"),
    "protocol.md in Python": ("docs/protocol.md", "python", "ping", "pong"),
    "protocol.md in JavaScript": ("docs/protocol.md", "js", "ping", "pong, Ada"),
}


@pytest.fixture
def start_bot(tmp_path: Path) -> Iterator[StartBot]:
    """Starts the client that a page of the documentation shows in a language; a test that fails shows what it said."""
    bots: list[subprocess.Popen[bytes]] = []
    servers: list[Server] = []
    log = tmp_path / "bot.log"

    def start(page: str, language: str, server: Server) -> None:
        blocks = re.findall(rf"^```{language}\n(.+?)^```", (CHECKOUT / page).read_text(), re.MULTILINE | re.DOTALL)
        (code,) = [block for block in blocks if "setUsername" in block]
        script = tmp_path / ("bot.py" if language == "python" else "bot.mjs")
        script.write_text(code.replace("http://127.0.0.1:5000", server.url))
        (tmp_path / "node_modules").symlink_to(CHECKOUT / "node_modules")
        runs = [sys.executable, "-u"] if language == "python" else ["node"]
        servers.append(server)
        with log.open("w") as output:
            bots.append(subprocess.Popen([*runs, str(script)], cwd=tmp_path, stdout=output, stderr=output))

    yield start
    for bot in bots:
        print("The bot had ended:", bot.poll())
        bot.terminate()
        bot.wait(10)
    print(log.read_text(), *(server.log for server in servers))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_of_the_docs_answers_also_after_a_restart(
    new_server: Callable[..., Server], start_bot: StartBot, client: str
) -> None:
    page, language, said, answer = CLIENTS[client]
    server = new_server(CHAT_LOG_LEVEL="debug")
    start_bot(page, language, server)

    def answered() -> None:
        ada = PythonClient(server.url).named(unique("Ada"))
        # A bot that is just coming in hears only what is said after that; between two tries it waits 5 s and more.
        eventually(lambda: ada.say(said) and heard(ada), within=40, what="an answer")
        ada.close()

    def heard(ada: PythonClient) -> bool:
        return any(payload["text"].startswith(answer) for payload in ada.got("message"))

    answered()
    before = set(server.worker_pids())
    server.signal(signal.SIGHUP)
    eventually(lambda: len(set(server.worker_pids()) - before) == 2, within=30, what="new workers")
    eventually(lambda: not before & set(server.worker_pids()), within=30, what="the old ones ended")
    eventually(server.answers, within=30, what="the new ones answer")
    answered()
