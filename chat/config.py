"""The settings: the only reader of the environment."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
CHECKOUT = Path(__file__).resolve().parent.parent


class ConfigError(ValueError):
    """A setting that cannot be used. Its text is one sentence: which variable, what was found, what is expected."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting, read and checked once. The README has them in one table."""

    name: str = "Chat"
    port: int = 5000
    workers: int = 2
    redis_url: str | None = None
    redis_verify: bool = True
    secret_key: str | None = None
    default_room: str = "work"
    max_message: int = 10_000
    max_rooms: int = 500
    log_length: int = 100_000
    bus_length: int = 10_000
    bus_shards: int = 1
    name_lease_days: int = 30
    rate_limit: bool = True
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: int = 0
    max_connections: int = 10_000
    max_backlog: int = 1024 * 1024
    wait_replicas: int = 0
    log_level: str = "info"
    checkout: Path = CHECKOUT
    instance: Path = CHECKOUT / "instance"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings from `environ` (the process's own unless given).

        Raises:
            ConfigError: a variable holds what it cannot mean.
        """
        read = _Reader(os.environ if environ is None else environ)
        config = cls(
            name=read("CHAT_NAME", cls.name, _name),
            port=read("PORT", cls.port, _whole(1, 65_535)),
            workers=read("WEB_CONCURRENCY", cls.workers, _whole(1, 256)),
            redis_url=read("REDIS_URL", None, _redis_url),
            redis_verify=read("CHAT_REDIS_VERIFY", cls.redis_verify, _switch),
            secret_key=read("SECRET_KEY", None, _secret),
            default_room=read("CHAT_DEFAULT_ROOM", cls.default_room, _text(1, 32)),
            max_message=read("CHAT_MAX_MESSAGE", cls.max_message, _whole(1, 10_000)),
            max_rooms=read("CHAT_MAX_ROOMS", cls.max_rooms, _whole(1, 10_000)),
            log_length=read("CHAT_LOG_LENGTH", cls.log_length, _whole(100, 10_000_000)),
            bus_length=read("CHAT_BUS_LENGTH", cls.bus_length, _whole(100, 10_000_000)),
            bus_shards=read("CHAT_BUS_SHARDS", cls.bus_shards, _whole(1, 64)),
            name_lease_days=read("CHAT_NAME_LEASE_DAYS", cls.name_lease_days, _whole(1, 3650)),
            rate_limit=read("CHAT_RATE_LIMIT", cls.rate_limit, _switch),
            allowed_origins=read("CHAT_ALLOWED_ORIGINS", cls.allowed_origins, _origins),
            # Heroku's router always stands in front of a dyno, and says so through DYNO.
            trusted_proxies=read("CHAT_TRUSTED_PROXIES", 1 if "DYNO" in read.environ else 0, _whole(0, 10)),
            max_connections=read("CHAT_MAX_CONNECTIONS", cls.max_connections, _whole(1, 1_000_000)),
            max_backlog=read("CHAT_MAX_BACKLOG", cls.max_backlog, _whole(65_536, 1_073_741_824)),
            wait_replicas=read("CHAT_WAIT_REPLICAS", cls.wait_replicas, _whole(0, 16)),
            log_level=read("CHAT_LOG_LEVEL", cls.log_level, _one_of("debug", "info", "warning", "error")),
            instance=read("CHAT_INSTANCE", cls.instance, lambda found: Path(found).resolve()),
        )
        if config.redis_url and not config.secret_key:
            raise ConfigError(
                "SECRET_KEY is not set, but must be wherever REDIS_URL is: all workers and restarts have to share it; "
                "`python -c 'import secrets; print(secrets.token_hex(32))'` makes one."
            )
        return config


class _Reader:
    """Reads one variable at a time; an empty one counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def __call__(self, variable: str, default: T, parse: Callable[[str], T]) -> T:
        found = self.environ.get(variable, "").strip()
        if not found:
            return default
        try:
            return parse(found)
        except ValueError as error:
            raise ConfigError(f"{variable} is {_shown(variable, found)}, but must be {error}.") from None


def _shown(variable: str, found: str) -> str:
    """The value as the error may show it: nobody's secrets in a log."""
    if variable == "SECRET_KEY":
        return f"{len(found)} characters long"
    return repr(re.sub(r"//[^@/]*@", "//…@", found))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(found: str) -> int:
        if not (found.isascii() and found.isdigit() and low <= int(found) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(found)

    return parse


def _text(low: int, high: int) -> Callable[[str], str]:
    def parse(found: str) -> str:
        if not low <= len(found) <= high or not found.isprintable():
            raise ValueError(f"{low} to {high} printable characters")
        return found

    return parse


_name = _text(1, 40)


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(found: str) -> str:
        if found.lower() not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return found.lower()

    return parse


def _switch(found: str) -> bool:
    return _one_of("on", "off")(found) == "on"


def _secret(found: str) -> str:
    if len(found) < 16:
        raise ValueError("at least 16 characters; `python -c 'import secrets; print(secrets.token_hex(32))'` makes one")
    return found


def _redis_url(found: str) -> str:
    expected = "a URL such as redis://:password@host:6379/0 or rediss://... with TLS"
    try:
        parts = urlsplit(found)
        port = parts.port
    except ValueError:
        raise ValueError(expected) from None
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or port == 0:
        raise ValueError(expected)
    return found


def _origins(found: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in found.split(",") if origin.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            raise ValueError("origins such as https://chat.example.org, separated by commas, without a path")
    return origins
