"""What the text of a setting means. Each function raises a ValueError that says what is expected: "must be …"."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

import idna

from chat import text as texts

MAKES_A_SECRET = "`python -c 'import secrets; print(secrets.token_hex(32))'` makes one"  # noqa: S105 - says how.
SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
DEFAULT_PORTS = {"http": 80, "https": 443}


def readable(found: str) -> str:
    """Text. Bytes that are no text are lone surrogates in Python."""
    if any("\ud800" <= character <= "\udfff" for character in found):
        raise ValueError("text in UTF-8")
    return found


def whole(low: int, high: int) -> Callable[[str], int]:
    """A number in digits, from `low` to `high`."""

    def parse(found: str) -> int:
        if not (found.isascii() and found.isdigit() and len(found) < 20 and low <= int(found) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(found)

    return parse


def size(low: int) -> Callable[[str], int]:
    """A number of bytes, at least `low`: digits, with k, m or g behind them for KiB, MiB or GiB."""

    def parse(found: str) -> int:
        match = re.fullmatch(r"([0-9]{1,15})([kmg]?)b?", found, re.IGNORECASE)
        bytes_ = int(match[1]) * 1024 ** " kmg".index(match[2].lower() or " ") if match else 0
        if bytes_ < low:
            raise ValueError(f"a number of bytes such as 512m or 2g, from {low // 1024**2}m")
        return bytes_

    return parse


def text(low: int, high: int) -> Callable[[str], str]:
    """From `low` to `high` characters of one line in which there is something to see."""

    def parse(found: str) -> str:
        if not low <= len(found) <= high or texts.hidden(found) or texts.is_empty(found):
            raise ValueError(f"{low} to {high} printable characters")
        return found

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of these words, in any case."""

    def parse(found: str) -> str:
        if found.lower() not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return found.lower()

    return parse


def switch(found: str) -> bool:
    """`on` or `off`."""
    return one_of("on", "off")(found) == "on"


def folder(found: str) -> Path:
    """A folder, made when it is needed."""
    path = Path(found).resolve()
    if path.exists() and not path.is_dir():
        raise ValueError("a folder, or a place for one")
    return path


def secret(found: str) -> str:
    """What signs cookies."""
    if len(found) < 16:
        raise ValueError(f"at least 16 characters; {MAKES_A_SECRET}")
    return found


def redis_url(found: str) -> str:
    """A URL as redis-py and Flask-SocketIO take it, its scheme in small letters.

    Both pass over what they cannot read in it, or fail at it much later, so it is checked here. No reason quotes from
    it: a password that is not escaped may be anywhere.
    """
    scheme, _, rest = found.partition("://")
    url = f"{SCHEMES.get(scheme.lower())}://{rest}"
    try:
        if scheme.lower() not in SCHEMES:
            raise ValueError("it begins otherwise")  # noqa: TRY301 - each reason gets the same beginning.
        if not found.isprintable() or " " in found:
            raise ValueError("there is a space or an invisible character in it")  # noqa: TRY301
        _check_options(_address(url))
    except ValueError as reason:
        raise ValueError(f"a URL such as redis://:password@host:6379/0, or rediss://… with TLS: {reason}") from None
    return url


def _address(url: str) -> SplitResult:
    """The parts of a URL whose host and port can be read."""
    unreadable = "its host or its port cannot be read; in a password, / ? # and % are written %2F %3F %23 and %25"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(unreadable) from None
    if port == 0 or "#" in url or not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", host):
        raise ValueError(unreadable)
    return parts


def _check_options(parts: SplitResult) -> None:
    """See that the database and the options of a URL can be used."""
    options = parse_qsl(parts.query, keep_blank_values=True)
    names = [name for name, _ in options]
    database = parts.path.strip("/")
    if len(set(names)) < len(names) or (database and "db" in names):
        raise ValueError("it says something twice")
    if database and not _is_number(database):
        raise ValueError("its database is not a number")
    known = _OPTIONS | (_TLS_OPTIONS if parts.scheme == "rediss" else {})
    for name, value in options:
        if name not in known:
            raise ValueError(f"its options may be {', '.join(known)}")
        expected, fits = known[name]
        if not fits(value):
            raise ValueError(f"its option {name} must be {expected}")


def _is_number(found: str) -> bool:
    return found.isascii() and found.isdigit() and len(found) < 10


def _is_pem(found: str) -> bool:
    try:
        return "-----BEGIN " in Path(found).read_text(errors="replace")
    except OSError:
        return False


_ANY: tuple[str, Callable[[str], bool]] = ("some text", bool)
_PEM = ("a file in PEM format that can be read", _is_pem)
_OPTIONS = {
    "db": ("a number", _is_number),
    "username": _ANY,
    "password": _ANY,
    "client_name": _ANY,
    # With RESP3, which redis-py speaks otherwise, it answers in other shapes.
    "protocol": ("2", lambda found: found == "2"),
}
_TLS_OPTIONS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "ssl_cert_reqs": ("none, optional or required", lambda found: found in ("none", "optional", "required")),
    "ssl_check_hostname": ("true or false", lambda found: found.lower() in ("true", "false")),
    "ssl_ca_certs": _PEM,
    "ssl_ca_path": ("a folder", lambda found: Path(found).is_dir()),
    "ssl_certfile": _PEM,
    "ssl_keyfile": _PEM,
    "ssl_password": _ANY,
}


def origins(found: str) -> tuple[str, ...]:
    """Origins as browsers write them: in small letters, without the default port."""
    return tuple(_origin(each.strip()) for each in found.split(",") if each.strip())


def _origin(found: str) -> str:
    expected = "origins such as https://chat.example.org, separated by commas, each with its host alone and no path"
    try:
        parts = urlsplit(found)
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError:
        raise ValueError(expected) from None
    beyond = parts.path.strip("/") or re.search(r"[?#@\\\s]", found)
    if parts.scheme not in DEFAULT_PORTS or not host or port == 0 or beyond:
        raise ValueError(expected)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, DEFAULT_PORTS[parts.scheme]) else "")


def hosts(found: str) -> tuple[str, ...]:
    """Host names as browsers write them, some with a port; one with a dot in front is the name and all below it."""
    return tuple(_named(each.strip().lower()) for each in found.split(","))


def _named(found: str) -> str:
    expected = "host names such as chat.example.org or .example.org, separated by commas"
    below = re.match(r"\*?\.", found)
    try:
        parts = urlsplit("//" + found[below.end() if below else 0 :])
        port, host = parts.port, _host(parts.hostname or "").removesuffix(".")
    except ValueError:
        raise ValueError(expected) from None
    if not host or port == 0 or re.search(r"[/?#@\\\s]", found):
        raise ValueError(expected)
    return ("." if below else "") + host + (f":{port}" if port else "")


def _host(found: str) -> str:
    """The host as a browser writes it; empty if there can be none of this name. May raise a ValueError."""
    if ":" in found:
        return f"[{ipaddress.IPv6Address(found).compressed}]"
    if found.rpartition(".")[2].isdigit():
        return str(ipaddress.IPv4Address(found))
    if not found.isascii():
        found = idna.encode(found, uts46=True).decode()
    return found if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", found) else ""


# A path that the chat may live below, or nothing.
PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


def prefix(found: str) -> str:
    """A path such as `/chat`, of letters, digits and `.`, `_`, `~`, `-`."""
    shown = found.rstrip("/")
    if not PREFIX.fullmatch(shown) or {".", ".."} & set(shown.split("/")):
        raise ValueError("a path such as /chat")
    return shown
