"""The settings: the only reader of the environment."""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from chat import parsing
from chat.parsing import one_of, switch, text, whole

CHECKOUT = Path(__file__).resolve().parent.parent


class ConfigError(ValueError):
    """A setting that cannot be used. Its text is one sentence: which variable, what was found, what is expected."""


@dataclass(frozen=True)
class Setting:
    """Where a field of `Config` is read from.

    Args:
        variable: in the environment.
        parse: makes the value of the text found there, or raises a ValueError that says what is expected.
        secret: whether no error may show what was found.
    """

    variable: str
    parse: Callable[[str], Any]
    secret: bool = False


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting, read and checked once. The README has them in one table."""

    name: Annotated[str, Setting("CHAT_NAME", text(1, 40))] = "Chat"
    port: Annotated[int, Setting("PORT", whole(1, 65_535))] = 5000
    workers: Annotated[int, Setting("WEB_CONCURRENCY", whole(1, 256))] = 2
    redis_url: Annotated[str | None, Setting("REDIS_URL", parsing.redis_url, secret=True)] = None
    redis_verify: Annotated[bool, Setting("CHAT_REDIS_VERIFY", switch)] = True
    secret_key: Annotated[str | None, Setting("SECRET_KEY", parsing.secret, secret=True)] = None
    default_room: Annotated[str, Setting("CHAT_DEFAULT_ROOM", text(1, 32))] = "work"
    max_message: Annotated[int, Setting("CHAT_MAX_MESSAGE", whole(1, 10_000))] = 10_000
    max_rooms: Annotated[int, Setting("CHAT_MAX_ROOMS", whole(1, 10_000))] = 500
    log_length: Annotated[int, Setting("CHAT_LOG_LENGTH", whole(100, 10_000_000))] = 100_000
    bus_length: Annotated[int, Setting("CHAT_BUS_LENGTH", whole(100, 10_000_000))] = 10_000
    store_bytes: Annotated[int | None, Setting("CHAT_STORE_BYTES", parsing.size(16 * 1024**2))] = None
    bus_shards: Annotated[int, Setting("CHAT_BUS_SHARDS", whole(1, 64))] = 1
    name_lease_days: Annotated[int, Setting("CHAT_NAME_LEASE_DAYS", whole(1, 3650))] = 30
    rate_limit: Annotated[bool, Setting("CHAT_RATE_LIMIT", switch)] = True
    allowed_origins: Annotated[tuple[str, ...], Setting("CHAT_ALLOWED_ORIGINS", parsing.origins)] = ()
    hosts: Annotated[tuple[str, ...], Setting("CHAT_HOSTS", parsing.hosts)] = ()
    prefix: Annotated[str, Setting("SCRIPT_NAME", parsing.prefix)] = ""
    trusted_proxies: Annotated[int, Setting("CHAT_TRUSTED_PROXIES", whole(0, 10))] = 0
    max_connections: Annotated[int, Setting("CHAT_MAX_CONNECTIONS", whole(1, 1_000_000))] = 10_000
    max_connections_per_address: Annotated[int, Setting("CHAT_MAX_CONNECTIONS_PER_ADDRESS", whole(1, 1_000_000))] = 2000
    max_backlog: Annotated[int, Setting("CHAT_MAX_BACKLOG", whole(65_536, 1_073_741_824))] = 1024 * 1024
    wait_replicas: Annotated[int, Setting("CHAT_WAIT_REPLICAS", whole(0, 16))] = 0
    log_level: Annotated[str, Setting("CHAT_LOG_LEVEL", one_of("debug", "info", "warning", "error"))] = "info"
    log_format: Annotated[str, Setting("CHAT_LOG_FORMAT", one_of("text", "json"))] = "text"
    instance: Annotated[Path, Setting("CHAT_INSTANCE", parsing.folder)] = CHECKOUT / "instance"
    checkout: Path = CHECKOUT

    @property
    def page_bytes(self) -> int:
        """Bytes of the entries in a page, if there is more than one: a part of what may wait for a connection."""
        return min(256 * 1024, self.max_backlog // 4)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings from `environ` (the process's own unless given). An empty one counts as unset.

        Raises:
            ConfigError: a variable holds what it cannot mean.
        """
        environ = os.environ if environ is None else environ
        # Heroku's router always stands in front of a dyno, and says so through DYNO.
        given: dict[str, Any] = {"trusted_proxies": 1} if "DYNO" in environ else {}
        for name, setting in settings().items():
            if found := environ.get(setting.variable, "").strip():
                given[name] = _parsed(setting, found)
        config = cls(**given)
        if config.redis_url and not config.secret_key:
            raise ConfigError(
                "SECRET_KEY is not set, but must be wherever REDIS_URL is: all workers and restarts have to share it; "
                f"{parsing.MAKES_A_SECRET}."
            )
        return config

    @property
    def any_host(self) -> bool:
        """Whether every host name is answered: none is set, and what stands in front chooses."""
        return not self.hosts and self.trusted_proxies > 0

    @property
    def any_host_beyond_loopback(self) -> bool:
        """The same for requests from beyond this machine: no name is set, and this is a deployment."""
        return self.any_host or (not self.hosts and self.redis_url is not None)


def settings() -> dict[str, Setting]:
    """The settings, each under the name of its field."""
    hints = get_type_hints(Config, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def unknown(environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each variable of `environ` (the process's own unless given) that is named like a setting, and is
    none: it is misspelt, most likely, and the setting that was meant has its default."""
    known = [setting.variable for setting in settings().values()]
    found = sorted(name for name in (os.environ if environ is None else environ) if name.startswith("CHAT_"))
    said = []
    for name in found:
        if name not in known:
            meant = difflib.get_close_matches(name, known, 1, 0.8)
            said.append(f"{name} is none of the chat's settings" + (f"; {meant[0]} is." if meant else "."))
    return said


def _parsed(setting: Setting, found: str) -> Any:
    try:
        return setting.parse(parsing.readable(found))
    except ValueError as error:
        raise ConfigError(f"{setting.variable} is {_shown(setting, found)}, but must be {error}.") from None


def _shown(setting: Setting, found: str) -> str:
    """The value as an error may show it: no secret gets into a log, even if it stands in the wrong variable."""
    if setting.secret or "@" in found:
        return f"not shown, as it may be secret ({len(found)} characters)"
    return repr(found if len(found) <= 60 else f"{found[:60]}…")
