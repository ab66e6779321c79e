"""The settings: each works, or stops the start with one sentence that shows no secret."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from chat.config import Config, ConfigError, settings, unknown
from chat.domain import Chat
from chat.domain.shards import Shards
from chat.store.connection import Store
from scripts.environment import environ
from tests.support.redis import Redis
from tests.support.servers import BIN, CHECKOUT, SECRET

KEY = "0123456789abcdef"
PASSWORD = "hunter2"
WHOLE_NUMBERS = ("", "-1", "+1", "1.0", "1e3", "٣", "0x10", "ten", "9" * 5000)

GOOD: dict[str, list[tuple[str, Any]]] = {
    "name": [
        ("Harbour", "Harbour"),
        (" Café du Port ☕ ", "Café du Port ☕"),
        ("می\u200cخواهم 👨\u200d👩\u200d👧",) * 2,
        ("x" * 40, "x" * 40),
    ],
    "port": [("8080", 8080), ("1", 1), ("65535", 65_535)],
    "workers": [("3", 3), ("256", 256)],
    "redis_url": [
        (given, given.replace("REDIS:", "redis:").replace("valkeys:", "rediss:").replace("valkey:", "redis:"))
        for given in (
            "redis://localhost",
            "REDIS://localhost:6379/3",
            "redis://user:p%2Fs%40s%3Fw%23o%3Ard@redis.example:6379/0",
            "redis://:p@ss:w@redis.example",
            "redis://[::1]:6380/15",
            "redis://127.0.0.1/?db=5",
            "redis://127.0.0.1/0?protocol=2&client_name=chat",
            f"rediss://localhost/0?ssl_cert_reqs=none&ssl_check_hostname=false&ssl_ca_path={CHECKOUT}",
            "valkey://localhost/1",
            "valkeys://localhost/1",
        )
    ],
    "redis_verify": [("off", False), ("ON", True)],
    "secret_key": [(KEY, KEY), ("пароль-из-шестнадцати", "пароль-из-шестнадцати")],
    "default_room": [("lobby", "lobby"), ("読書", "読書")],
    "max_message": [("1", 1), ("10000", 10_000)],
    "max_rooms": [("10000", 10_000)],
    "log_length": [("100", 100)],
    "bus_length": [("100", 100)],
    "store_bytes": [("16777216", 2**24), ("512m", 2**29), ("2G", 2**31), ("20000kb", 20_000 * 1024)],
    "bus_shards": [("64", 64)],
    "name_lease_days": [("3650", 3650)],
    "rate_limit": [("off", False)],
    "hosts": [
        ("chat.example.org, *.B.Example,.c.example", ("chat.example.org", ".b.example", ".c.example")),
        ("bücher.example:8443", ("xn--bcher-kva.example:8443",)),
        ("my_chat, chat.example., [::1]:5000, 10.0.0.7", ("my_chat", "chat.example", "[::1]:5000", "10.0.0.7")),
    ],
    "allowed_origins": [
        ("https://a.example, https://b.example:8443", ("https://a.example", "https://b.example:8443")),
        ("HTTPS://A.Example:443/,http://b.example:80", ("https://a.example", "http://b.example")),
        ("http://a.example:443", ("http://a.example:443",)),
        ("https://bücher.example", ("https://xn--bcher-kva.example",)),
        ("http://[0:0::1]:5000, http://127.0.0.1:5000", ("http://[::1]:5000", "http://127.0.0.1:5000")),
        ("http://localhost:", ("http://localhost",)),
    ],
    "prefix": [("/chat", "/chat"), ("/chat/", "/chat"), ("/a/b-c_d.e~f", "/a/b-c_d.e~f"), ("/", "")],
    "trusted_proxies": [("0", 0), ("10", 10)],
    "max_connections": [("1", 1), ("1000000", 1_000_000)],
    "max_connections_per_address": [("1", 1), ("1000000", 1_000_000)],
    "max_backlog": [("65536", 65_536)],
    "wait_replicas": [("16", 16)],
    "log_level": [("DEBUG", "debug"), ("error", "error")],
    "log_format": [("JSON", "json"), ("text", "text")],
    "instance": [("instance", CHECKOUT / "instance"), ("/tmp/nowhere/yet", Path("/tmp/nowhere/yet"))],
}
"""Each setting, by its field, with what may be found in its variable, and what it then is."""

BAD: dict[str, list[tuple[str, str]]] = {
    "name": [(found, "1 to 40 printable characters") for found in ("x" * 41, "a\nb", "a\u202eb", "\u3164", "\u200b")],
    "port": [(found, "a whole number from 1 to 65535") for found in (*WHOLE_NUMBERS, "0", "65536")],
    "workers": [(found, "a whole number from 1 to 256") for found in (*WHOLE_NUMBERS, "0", "257")],
    "redis_url": [
        (found, expected)
        for expected, urls in {
            "begins otherwise": (
                PASSWORD,
                f"http://user:{PASSWORD}@host",
                f"unix://:{PASSWORD}@/tmp/redis.sock",
                f"redis+sentinel://:{PASSWORD}@host",
                f"redis:/:{PASSWORD}@host",
                f"rediss:{PASSWORD}",
            ),
            "cannot be read": (
                "redis://",
                "redis://:6379/0",
                "redis://host:port",
                "redis://host:0",
                "redis://host:65536",
                "redis://[::1",
                "redis://one,two:6379",
                f"redis://:{PASSWORD}/x@host",
                f"redis://:{PASSWORD}?x@host",
                f"redis://:{PASSWORD}#x@host",
                f"redis://user:#{PASSWORD}@host:6379/0",
                f"redis://:x@y#{PASSWORD}@host:6379/0",
            ),
            "is not a number": (
                "redis://host/abc",
                "redis://host/-1",
                "redis://host/0/1",
                "redis://host/99999999999",
                f"redis://:x@y/{PASSWORD}@host:6379/0",
            ),
            "option db must be a number": ("redis://host?db=abc", "redis://host?db="),
            "option protocol must be 2": ("redis://host?protocol=3",),
            "its options may be db, username": (
                "redis://host?nonsense=1",
                "redis://host?socket_timeout=1",
                "redis://host?decode_responses=no",
                "redis://host?ssl_cert_reqs=none",
                f"redis://:x@y?{PASSWORD}@host:6379/0",
            ),
            "says something twice": ("redis://host/1?db=2", "redis://host?db=1&db=1"),
            "a space": (f"redis://:{PASSWORD} x@host", f"redis://:{PASSWORD}\u200b@host"),
            "ssl_cert_reqs must be none, optional or required": ("rediss://host?ssl_cert_reqs=never",),
            "ssl_check_hostname must be true or false": ("rediss://host?ssl_check_hostname=perhaps",),
            "ssl_ca_certs must be a file": (
                "rediss://host?ssl_ca_certs=/nonexistent",
                f"rediss://h?ssl_ca_certs={BIN}",
            ),
            "ssl_certfile must be a file": (f"rediss://host?ssl_certfile={CHECKOUT}/README.md",),
            "ssl_keyfile must be a file": ("rediss://host?ssl_keyfile=/nonexistent",),
            "ssl_ca_path must be a folder": ("rediss://host?ssl_ca_path=/nonexistent",),
        }.items()
        for found in urls
    ],
    "redis_verify": [(found, "one of on, off") for found in ("yes", "1", "true")],
    "secret_key": [(f"{PASSWORD}{'é' * 8}", "at least 16 characters"), (f"{PASSWORD}{KEY}\udcff", "text in UTF-8")],
    "default_room": [
        ("x" * 33, "1 to 32 printable characters"),
        *((found, "what a room can be called") for found in ("c++", "👋", "-", "#", "a/b", "work:log")),
    ],
    "max_message": [(found, "a whole number from 1 to 10000") for found in (*WHOLE_NUMBERS, "0", "10001")],
    "max_rooms": [(found, "a whole number from 1 to 10000") for found in (*WHOLE_NUMBERS, "0", "10001")],
    "log_length": [(found, "a whole number from 100 to 10000000") for found in (*WHOLE_NUMBERS, "99")],
    "bus_length": [(found, "a whole number from 100 to 10000000") for found in (*WHOLE_NUMBERS, "99")],
    "store_bytes": [
        (found, "a number of bytes such as 512m or 2g, from 16m")
        for found in ("15m", "16777215", "1.5g", "-1g", "m", "2t", "60%", "٢g", "2 g", "2g\n3", "9" * 16)
    ],
    "bus_shards": [(found, "a whole number from 1 to 64") for found in (*WHOLE_NUMBERS, "0", "65")],
    "name_lease_days": [(found, "a whole number from 1 to 3650") for found in (*WHOLE_NUMBERS, "0", "3651")],
    "rate_limit": [(found, "one of on, off") for found in ("maybe", "0")],
    "hosts": [
        (found, "host names such as chat.example.org")
        for found in (
            ",",
            "*",
            ".",
            "a b",
            "https://a.example",
            "a.example/",
            "a..b",
            "a:0",
            "a:99999",
            "x@a",
            "1.2.3",
            "a,",
        )
    ],
    "allowed_origins": [
        (found, "origins such as https://chat.example.org")
        for found in (
            "chat.example",
            "*",
            "null",
            "https://*.example",
            "https://",
            "https://:443",
            "https://a.example/rooms",
            "https://a.example?x",
            "https://a.example#x",
            "https://a.example#",
            f"https://user:{PASSWORD}@a.example",
            "https://a.example:0",
            "https://a.example:port",
            "https://a.example:65536",
            "https://a b.example",
            "https://a..example",
            "https://1.2.3",
            "https://[::1",
            "https://[::g]",
            "ws://a.example",
            "https://a.example https://b.example",
            "https://a.example;https://b.example",
            "https://ok.example, b.example",
        )
    ],
    "prefix": [
        (found, "a path such as /chat")
        for found in ("chat", "//evil.example", "/a//b", "/..", "/a/../b", "/a b", "/é", "/a?b", "/a\nb")
    ],
    "trusted_proxies": [(found, "a whole number from 0 to 10") for found in (*WHOLE_NUMBERS, "11")],
    "max_connections": [(found, "a whole number from 1 to 1000000") for found in (*WHOLE_NUMBERS, "0")],
    "max_connections_per_address": [(found, "a whole number from 1 to 1000000") for found in (*WHOLE_NUMBERS, "0")],
    "max_backlog": [(found, "a whole number from 65536 to 1073741824") for found in (*WHOLE_NUMBERS, "65535")],
    "wait_replicas": [(found, "a whole number from 0 to 16") for found in (*WHOLE_NUMBERS, "17")],
    "log_level": [(found, "one of debug, info, warning, error") for found in ("loud", "10")],
    "log_format": [(found, "one of text, json") for found in ("xml", "json,text")],
    "instance": [("README.md", "a folder"), ("/dev/null", "a folder")],
}
"""Each setting, by its field, with what may not be found in its variable, and what is then said to be expected."""


def environ_with(field: str, found: str) -> dict[str, str]:
    """The environment with this one setting, and the key that others take."""
    return {"SECRET_KEY": SECRET, settings()[field].variable: found}


def read(field: str, found: str, redis_url: str) -> Config:
    """The settings with this one, as far as they can be judged without being served."""
    config = Config.from_environ(environ_with(field, found))
    Chat(Store(redis_url), config)
    return config


def rows(table: dict[str, list[tuple[str, Any]]]) -> list[Any]:
    return [
        pytest.param(field, *row, id=f"{field}-{number}")
        for field, found in table.items()
        for number, row in enumerate(found)
        # An empty one counts as unset.
        if row[0]
    ]


def test_each_setting_has_its_rows_here_and_its_line_in_the_readme() -> None:
    assert set(GOOD) == set(BAD) == set(settings())
    listed = re.findall(r"^\| `(\w+)` \|", (CHECKOUT / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(setting.variable for setting in settings().values())


@pytest.mark.parametrize(("field", "found", "expected"), rows(GOOD))
def test_a_good_value_is_taken(field: str, found: str, expected: Any, redis_url: str) -> None:
    config = read(field, found, redis_url)
    assert getattr(config, field) == expected
    if field == "redis_url":
        redis.ConnectionPool.from_url(config.redis_url or "").make_connection()


@pytest.mark.parametrize(("field", "found", "expected"), rows(BAD))
def test_a_bad_value_is_refused_in_one_sentence_that_shows_no_secret(
    field: str, found: str, expected: str, redis_url: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(field, found, redis_url)
    said = str(refused.value)
    assert said.startswith(f"{settings()[field].variable} is ")
    assert f", but must be {expected}" in said or expected in said.partition(", but must be ")[2]
    assert said.endswith(".")
    assert "\n" not in said
    assert PASSWORD not in said
    assert len(said) < 400


@pytest.mark.parametrize("field", list(GOOD))
def test_an_empty_variable_counts_as_unset(field: str) -> None:
    unset = Config.from_environ({"SECRET_KEY": SECRET})
    assert Config.from_environ(environ_with(field, " ") | {"SECRET_KEY": SECRET}) == unset


@pytest.mark.parametrize("field", [field for field in GOOD if field not in ("redis_url", "secret_key")])
def test_a_url_with_a_password_in_the_wrong_variable_is_not_shown(field: str) -> None:
    try:
        Config.from_environ(environ_with(field, f"redis://:{PASSWORD}@host:6379/0"))
    except ConfigError as error:
        assert PASSWORD not in str(error)


def test_nothing_set_is_a_chat_for_this_checkout() -> None:
    config = Config.from_environ({})
    assert (config.port, config.default_room, config.redis_url) == (5000, "work", None)


def test_a_deployment_without_a_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY is not set, but must be wherever REDIS_URL is"):
        Config.from_environ({"REDIS_URL": "redis://localhost"})


def test_a_heroku_dyno_stands_behind_one_proxy() -> None:
    assert Config.from_environ({"DYNO": "web.1"}).trusted_proxies == 1
    assert Config.from_environ({"DYNO": "web.1", "CHAT_TRUSTED_PROXIES": "2"}).trusted_proxies == 2
    assert Config.from_environ({}).trusted_proxies == 0


@pytest.fixture
def guarded(own_redis: Redis) -> Redis:
    """A Redis whose password has all that a URL has a meaning for."""
    own_redis.client().config_set("requirepass", "p/@?#:% é")
    return own_redis


def test_a_password_of_any_characters_is_understood_when_escaped(guarded: Redis) -> None:
    given = f"REDIS://:p%2F%40%3F%23%3A%25%20%C3%A9@127.0.0.1:{guarded.port}/3"
    config = Config.from_environ({"REDIS_URL": given, "SECRET_KEY": SECRET})
    store = Store(config.redis_url or "")
    Shards(config).check(store)
    assert store.redis.client_info()["db"] == 3


def test_a_database_that_redis_does_not_have_is_told_of(own_redis: Redis) -> None:
    for number in (16, 999_999_999):
        with pytest.raises(ConfigError, match="names a database that this Redis does not have"):
            Shards(Config()).check(Store(f"redis://127.0.0.1:{own_redis.port}/{number}"))


WAYS = {
    "gunicorn": [str(BIN / "gunicorn"), "app:app"],
    "flask run": [str(BIN / "flask"), "run"],
    "flask announce": [str(BIN / "flask"), "announce", "hello"],
    "python app.py": [sys.executable, "app.py"],
}
UNFIT: dict[str, Callable[[Redis], dict[str, str]]] = {
    "read": lambda redis: {"CHAT_ALLOWED_ORIGINS": "*"},
    "judged by the domain": lambda redis: {"REDIS_URL": redis.url, "CHAT_DEFAULT_ROOM": "c++"},
    "asked of Redis": lambda redis: {"REDIS_URL": f"redis://127.0.0.1:{redis.port}/99"},
}


@pytest.mark.thorough
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", UNFIT)
def test_every_way_to_start_ends_with_one_line(way: str, kind: str, own_redis: Redis, tmp_path: Path) -> None:
    given = {"SECRET_KEY": SECRET, "CHAT_INSTANCE": str(tmp_path)} | UNFIT[kind](own_redis)
    done = subprocess.run(WAYS[way], cwd=CHECKOUT, env=environ(**given), capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert re.fullmatch(r"The chat cannot start: [^\n]+\.\n", done.stderr), done.stderr
    assert done.stdout == ""


def test_a_variable_that_is_named_like_a_setting_and_is_none_is_told_of() -> None:
    assert unknown({"CHAT_NAME": "Harbour", "PORT": "1", "PATH": "/bin", "CHATTER": "1"}) == []
    assert unknown({"CHAT_MAX_ROOM": "5"}) == ["CHAT_MAX_ROOM is none of the chat's settings; CHAT_MAX_ROOMS is."]
    assert unknown({"CHAT_WEATHER": "fair"}) == ["CHAT_WEATHER is none of the chat's settings."]
