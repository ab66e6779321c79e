"""The log that an operator reads: a line for what happened, which nobody can forge, and few for what repeats."""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.config import Config

# Seconds in which what repeats is counted.
WINDOW = 60.0
# Lines of one kind that are written in that time; of those with a traceback, one.
WRITTEN = 5
# Kinds that are told apart in that time; beyond, a kind is all that a logger says at a level.
KINDS = 200
# Characters of a message, and of a traceback's line, that are written.
LONGEST = 2_000
# What a proxy may call a request.
GIVEN_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}\Z")
NOISY = ("engineio", "engineio.server", "engineio.client", "socketio", "socketio.server", "socketio.client")
COLOUR = re.compile(r"\x1b\[\d+m")
# What the chat says itself: Werkzeug's line for each request, and Engine.IO's for an origin.
SAID_HERE = re.compile(r"\S+ - - \[|.*is not an accepted origin", re.DOTALL)


@dataclass(slots=True)
class _Request:
    about: dict[str, Any]
    began: float


_request: ContextVar[_Request | None] = ContextVar("request", default=None)


def begin_request(address: str, given: str = "") -> None:
    """Have the lines of this request name its client's `address` and its id, which a trusted proxy may have `given`."""
    id = given if GIVEN_ID.match(given) else secrets.token_hex(8)
    _request.set(_Request({"address": address, "request": id}, time.perf_counter()))


def request_ms() -> float:
    """For how many milliseconds this request has run."""
    request = _request.get()
    return ms_since(request.began) if request else 0.0


def ms_since(began: float) -> float:
    """The milliseconds since `began`, which is of `time.perf_counter`."""
    return round(1000 * (time.perf_counter() - began), 1)


def init(config: Config) -> "Lines":
    """Log to standard error from `config.log_level` on, and return what does.

    Each request and event is one line at debug. The libraries below speak of errors alone: what they warn of, a client
    can cause at will.
    """
    lines = Lines(config)
    root = logging.getLogger()
    root.handlers = [*(each for each in root.handlers if not isinstance(each, Lines)), lines]
    logging.getLogger("chat").setLevel(config.log_level.upper())
    for name in NOISY:
        # Also those below: to a logger without a level its library gives one, and a handler of its own.
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in ("werkzeug", "engineio.server"):
        logging.getLogger(name).addFilter(_is_not_said_here)
    logging.captureWarnings(True)
    return lines


def gunicorn(config: Config) -> dict[str, Any]:
    """gunicorn's `logconfig_dict`. What it says at "info" is about itself; a request is a line of the chat's own."""
    return {
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {
            "gunicorn.error": {
                "level": "INFO" if config.log_level == "debug" else "WARNING",
                "handlers": [],
                "propagate": True,
            },
            "gunicorn.access": {"level": "CRITICAL"},
        },
        "handlers": {"lines": {"()": Lines, "config": config}},
        "formatters": {},
    }


class Lines(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes each record as a line of text or JSON: time, level, process, logger, what it is about, message.

    It is about what `begin_request` was told and what the caller gives as `extra={"about": {...}}`: `address`,
    `request`, `connection`, `person`, `event`, `ms`. What repeats is written a few times and then counted, except at
    debug, where each request and event is a line anyway.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(_JSON() if config.log_format == "json" else _Text())
        self._counts = config.log_level != "debug"
        self._kinds: dict[tuple[Any, ...], _Kind] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write or count a record. Called with the handler's lock held."""
        request = _request.get()
        record.about = {**(request.about if request else {}), **getattr(record, "about", {})}
        try:
            self._tell(time.monotonic())
            written = not self._counts or self._kind(record).admits()
        except Exception:
            # A message that does not fit its arguments, as `logging` itself treats it.
            self.handleError(record)
            return
        if written:
            super().emit(record)

    def tell(self) -> None:
        """Say how often there was what was counted, where its time is over. To be called now and then."""
        if self._kinds and self.lock:
            with self.lock:
                self._tell(time.monotonic())

    def close(self) -> None:
        """Say what is left to say."""
        if self.lock:
            with self.lock:
                self._tell(float("inf"))
        super().close()

    def _kind(self, record: logging.LogRecord) -> "_Kind":
        key: tuple[Any, ...] = (record.name, record.levelno, record.msg, _origin(record))
        if key not in self._kinds and len(self._kinds) >= KINDS:
            key = key[:2]
        if key not in self._kinds:
            self._kinds[key] = _Kind(record)
        return self._kinds[key]

    def _tell(self, now: float) -> None:
        # They stand in the order in which their time is over.
        while self._kinds:
            key, kind = next(iter(self._kinds.items()))
            if kind.until > now:
                return
            del self._kinds[key]
            if kind.seen > kind.written:
                super().emit(kind.more())


class _Kind:
    """What came of one kind since the first of it."""

    def __init__(self, first: logging.LogRecord) -> None:
        self.until = time.monotonic() + WINDOW
        self.written = 1 if first.exc_info else WRITTEN
        self.seen = 0
        # Not the record, whose traceback would keep all that it is about.
        self._name, self._level, self._message = first.name, first.levelno, first.getMessage()[:LONGEST]

    def admits(self) -> bool:
        """Count one, and return whether it is to be written."""
        self.seen += 1
        return self.seen <= self.written

    def more(self) -> logging.LogRecord:
        """What is said of those that were not written."""
        text = f"{self.seen - self.written} more within {WINDOW:.0f} s like: %s"
        record = logging.LogRecord(self._name, self._level, "", 0, text, (self._message,), None)
        record.about = {}
        return record


class _Text(logging.Formatter):
    """A line of text. What is no printable character is escaped, so that each line is one, and shows all it holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it, set in, an exception's traceback."""
        fields = "".join(f" {name}={_value(value)}" for name, value in _about(record))
        head = f"{_time(record)} {record.levelname} [{record.process}] {record.name}{fields}: {_message(record)}"
        return "\n".join([head, *(f"    {escaped(line)}" for line in _trace(record))])


class _JSON(logging.Formatter):
    """A line that is a JSON object, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; an exception's traceback is its `exception`."""
        trace = _trace(record)
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname,
                "pid": record.process,
                "logger": record.name,
                **dict(_about(record)),
                "message": _message(record),
                **({"exception": "\n".join(escaped(line) for line in trace)} if trace else {}),
            },
            default=str,
        )


def escaped(text: str) -> str:
    """A text in one line: breaks, terminal escapes, and what changes the direction of writing, as `\\n` and `\\x1b`."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    return escaped(record.getMessage().rstrip("\n"))


def _about(record: logging.LogRecord) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in getattr(record, "about", {}).items() if value not in (None, "")]


def _value(value: Any) -> str:
    text = str(value)
    return text if GIVEN_ID.match(text) else json.dumps(text[:128])


def _trace(record: logging.LogRecord) -> list[str]:
    if not record.exc_info or record.exc_info[0] is None:
        return []
    return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n").split("\n")


def _origin(record: logging.LogRecord) -> tuple[Any, ...]:
    """Where an exception was raised: another fault with the same message is of another kind."""
    if not record.exc_info or record.exc_info[0] is None:
        return ()
    kind, _, trace = record.exc_info
    while trace and trace.tb_next:
        trace = trace.tb_next
    return (kind, trace and (trace.tb_frame.f_code, trace.tb_lineno))


def _is_not_said_here(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    if COLOUR.match(said):
        # What Werkzeug says of itself at start, in colours and over several lines.
        record.msg, record.args = " ".join(COLOUR.sub("", said).split()), ()
    return not SAID_HERE.match(said)
