"""The log: lines that say where they come from, that nobody outside can forge, and that do not repeat themselves."""

import http.client
import io
import json
import logging
import os
import re
import signal
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
import websocket

from chat import logs
from chat.config import Config
from tests.conftest import Connect
from tests.support.clients import unique
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.waiting import eventually

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (?P<level>[A-Z]+) \[(?P<pid>\d+)\] (?P<logger>[\w.]+)"
    r"(?P<about>( [a-z]+=(\"[^\"]*\"|\S+))*): (?P<message>.*)"
)
FORGED = "x\n2026-11-25T12:00:00.000+00:00 ERROR [1] chat.live: FORGED \x1b[31m\u202e\x85\u2028\r"
Start = Callable[..., Server]


def lines(server: Server) -> list[str]:
    """What a server logged, without the line that says where it is."""
    return [line for line in server.log.split("\n") if line and " is at http://" not in line]


def asked(server: Server, path: str, **headers: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    try:
        with urlopen(
            Request(server.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        ) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def handshake(server: Server, origin: str, **headers: str) -> str:
    """The status and the text by which a WebSocket is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    given = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Origin": origin}
    given["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=given | headers)
    answer = connection.getresponse()
    text = f"{answer.status} {answer.read().decode()}"
    connection.close()
    return text


class Log:
    """A logger of the test's own, and what it wrote."""

    def __init__(self, **settings: str) -> None:
        self._out = io.StringIO()
        self.handler = logs.Lines(Config(**settings))  # type: ignore[arg-type]
        self.handler.setStream(self._out)
        self.logger = logging.Logger("chat.tested")
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        """The lines so far."""
        return self._out.getvalue().split("\n")[:-1]


@pytest.fixture
def log() -> Iterator[Log]:
    """A log as an operator reads it."""
    made = Log()
    yield made
    made.handler.close()


# What a line says


def test_a_line_has_a_date_with_its_zone_the_level_the_process_and_the_logger(log: Log) -> None:
    log.logger.warning("the kettle is %s", "on")
    found = LINE.fullmatch(log.lines[0])
    assert found
    assert (found["level"], found["logger"], found["message"]) == ("WARNING", "chat.tested", "the kettle is on")
    assert int(found["pid"]) == os.getpid()


def test_a_request_and_an_event_say_whose_they_are_and_how_long_they_took(server: Server, connect: Connect) -> None:
    client = connect(unique("Ada"))
    asked(server, "/healthz?once")
    client.say("hello")
    page = eventually(lambda: [each for each in lines(server) if each.endswith("GET '/healthz': 200")])[-1]
    assert re.search(r" address=127\.0\.0\.1 request=[0-9a-f]{16} ms=\d+\.\d: GET", page), page
    about = f" connection=\\S+ event=sendMessage ms=\\d+\\.\\d address=127\\.0\\.0\\.1 person={client.user['id']}: "
    eventually(lambda: re.search(about + "sendMessage: ok", server.log))


def test_a_request_keeps_the_id_that_a_trusted_proxy_gave_it(new_server: Start) -> None:
    server = new_server(CHAT_LOG_LEVEL="debug", CHAT_TRUSTED_PROXIES="1")
    asked(server, "/healthz?1", X_Request_ID="req-4711", X_Forwarded_For="192.0.2.7")
    eventually(lambda: re.search(r" address=192\.0\.2\.7 request=req-4711 ms=\S+: GET '/healthz'", server.log))
    for bad in ("a b", "x" * 129, 'a"b', "é"):
        asked(server, "/healthz?2", X_Request_ID=bad, X_Forwarded_For='192.0.2.8 x="1" y')
    eventually(lambda: len(re.findall(r' address="192\.0\.2\.8 x=\S+ y" request=[0-9a-f]{16} ms', server.log)) == 4)


def test_the_id_that_a_stranger_gave_is_not_believed(server: Server) -> None:
    asked(server, "/healthz?3", X_Request_ID="req-4712")
    asked(server, "/nowhere-4712")
    eventually(lambda: "/nowhere-4712" in server.log)
    assert "req-4712" not in server.log


def test_json_lines_are_objects_all(new_server: Start, connect_to: Connect) -> None:
    server = new_server(CHAT_LOG_FORMAT="json", CHAT_LOG_LEVEL="debug", WEB_CONCURRENCY="1")
    client = connect_to(server, unique("Ada"))
    asked(server, "/" + quote(FORGED))
    asked(server, "/socket.io/?EIO=4&transport=websocket&sid=" + quote(FORGED))
    eventually(lambda: '"event": "setUsername"' in server.log and "Invalid session" in server.log)
    found = [json.loads(line) for line in lines(server)]
    event = next(each for each in found if each.get("event") == "setUsername")
    assert (event["person"], event["message"]) == (client.user["id"], "setUsername: ok")
    assert {"time", "level", "pid", "logger", "message"} <= set.intersection(*(set(each) for each in found))


def test_a_traceback_is_a_part_of_its_json_line() -> None:
    log = Log(log_format="json")
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.logger.exception("%s failed", "être")
    (line,) = log.lines
    assert line.isascii()
    assert json.loads(line)["exception"].split("\n")[0] == "Traceback (most recent call last):"


def test_gunicorn_logs_as_the_chat_does(new_server: Start) -> None:
    server = new_server(WEB_CONCURRENCY="1")
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    eventually(lambda: re.search(r"^\S+T\S+ ERROR \[\d+\] gunicorn\.error: .*SIGKILL", server.log, re.MULTILINE))
    assert all(LINE.fullmatch(line) for line in lines(server)), server.log


# What comes from outside


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800"]
)
def test_what_is_no_printable_character_is_escaped(log: Log, character: str) -> None:
    log.logger.warning("before%safter", character)
    assert log.lines[0].endswith("before" + character.encode("unicode_escape").decode() + "after")


def test_what_is_printable_stays_as_it_is(log: Log) -> None:
    log.logger.warning("Žofie schrieb 你好 🙂 \\")
    assert log.lines[0].endswith(": Žofie schrieb 你好 🙂 \\")


def test_a_traceback_is_set_in_and_its_message_too(log: Log) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.logger.exception("it failed")
    assert LINE.fullmatch(log.lines[0])
    assert log.lines[1] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") and line.isprintable() for line in log.lines[1:])


def test_a_message_and_a_traceback_are_as_long_as_one_can_read(log: Log) -> None:
    try:
        raise ValueError("y" * 100_000)
    except ValueError:
        log.logger.exception("x" * 100_000)
    assert max(len(line) for line in log.lines) < logs.LONGEST + 200


def test_a_session_of_nobodys_forges_no_line_and_is_told_once(new_server: Start) -> None:
    server = new_server(WEB_CONCURRENCY="1")
    for _ in range(20):
        assert asked(server, "/socket.io/?EIO=4&transport=websocket&sid=" + quote(FORGED))[0] == 400
    assert server.stop() == 0
    assert server.log.count("Invalid session") == 1
    assert all(LINE.fullmatch(line) and line.isprintable() for line in lines(server)), server.log


def test_a_path_forges_no_line_while_redis_is_away_and_what_repeats_is_counted(
    new_server: Start, own_redis: Redis
) -> None:
    server = new_server(REDIS_URL=own_redis.url, WEB_CONCURRENCY="1")
    own_redis.kill()
    for _ in range(25):
        assert asked(server, "/rooms/" + quote(FORGED, safe=""), Cookie="chat=" + "x" * 20)[0] in (404, 503)
        asked(server, "/readyz?" + quote(FORGED))
    assert server.stop() == 0
    assert all(LINE.fullmatch(line) and line.isprintable() for line in lines(server)), server.log
    assert len(lines(server)) < 30


# What repeats


def test_ten_thousand_of_a_kind_are_a_few_lines_and_a_count(log: Log) -> None:
    for number in range(10_000):
        log.logger.warning("closing a connection from %s", number)
    log.logger.warning("something else")
    assert len(log.lines) == logs.WRITTEN + 1
    log.handler.close()
    assert log.lines[logs.WRITTEN + 1].endswith(": 9995 more within 60 s like: closing a connection from 0")


def test_ten_thousand_tracebacks_are_one_and_another_fault_is_another(log: Log) -> None:
    for _ in range(10_000):
        try:
            raise ValueError
        except ValueError:
            log.logger.exception("%s failed", "join")
    try:
        raise ValueError
    except ValueError:
        log.logger.exception("%s failed", "join")
    assert sum("Traceback" in line for line in log.lines) == 2
    log.handler.close()
    assert "9999 more within" in log.lines[-1]


def test_the_count_is_told_when_its_time_is_over(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WINDOW", 0.0)
    log.handler.tell()
    monkeypatch.setattr(logs, "WINDOW", 3600.0)
    for _ in range(10):
        log.logger.warning("again")
    log.handler.tell()
    assert len(log.lines) == logs.WRITTEN
    clock = logs.time.monotonic
    monkeypatch.setattr(logs.time, "monotonic", lambda: clock() + 3601)
    log.handler.tell()
    assert log.lines[-1].endswith("5 more within 3600 s like: again")
    log.logger.warning("again")
    assert log.lines[-1].endswith(": again")


def test_kinds_without_number_are_counted_together(log: Log) -> None:
    for number in range(10_000):
        log.logger.error(f"Invalid session {number}")  # As libraries put their messages together.
    assert len(log.lines) <= logs.KINDS + logs.WRITTEN
    assert len(log.handler._kinds) <= logs.KINDS + 1


def test_at_debug_each_line_is_written() -> None:
    log = Log(log_level="debug")
    for _ in range(100):
        log.logger.debug("ping: ok")
    assert len(log.lines) == 100


# What is set wrongly


def test_an_origin_that_is_refused_names_the_settings_in_one_line(new_server: Start) -> None:
    server = new_server(WEB_CONCURRENCY="1")
    for _ in range(20):
        answer = handshake(server, "https://chat.example.org", **{"X-Forwarded-Proto": "https"})
        assert answer.startswith("400 Pages of this origin may not connect.")
    assert server.stop() == 0
    told = [line for line in lines(server) if "refusing a connection" in line]
    assert len(told) == logs.WRITTEN + 1
    for word in (
        "'https://chat.example.org'",
        f"'http://127.0.0.1:{server.port}'",
        "CHAT_TRUSTED_PROXIES",
        "CHAT_ALLOWED_ORIGINS",
    ):
        assert word in told[0]
    assert "not an accepted origin" not in server.log


def test_an_origin_with_controls_is_quoted(server: Server) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(
            server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", origin="http://a\x1b[31m 'b"
        )
    eventually(lambda: 'refusing a connection from a page of "http://a\\x1b[31m \'b"' in server.log)
