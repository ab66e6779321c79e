"""How what people wrote is shown: names as initials, addresses as links, messages in runs and days.

`static/js/text.js` and `static/js/faces.js` do the same in the browser; `tests/cases/` holds both to it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

ADDRESS = re.compile(r"\bhttps?://[^\s<>\"\u200e\u200f\u202a-\u202e\u2066-\u2069]+", re.IGNORECASE)
ENDS_A_SENTENCE = ".,;:!?'*_~…"
BRACKETS = {")": "(", "]": "[", "}": "{"}
RUN = 5 * 60 * 1000
"""Milliseconds within which somebody's next message stands in the same run."""


@dataclass(frozen=True)
class Shown:
    """An entry in its place: whether it leads a run, and the day line above it, if there is one."""

    entry: dict[str, Any]
    lead: bool
    day: str
    date: str


def init_app(app: Flask) -> None:
    """Have templates know these filters."""
    app.jinja_env.filters.update(initials=initials, linked=linked, runs=runs, clock=clock, instant=instant)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def initials(name: str) -> str:
    """One or two letters for a name: of its first two words, or of its one; a single one where letters are wide."""
    words = ["".join(c for c in word if _stands(c)) for word in name.split()]
    words = [word for word in words if word] or [name.strip()]
    first = words[0][:1]
    if unicodedata.east_asian_width(first) in "WF" or unicodedata.category(first)[0] == "S":
        return first
    second = words[1][:1] if len(words) > 1 else words[0][1:2]
    if second and unicodedata.east_asian_width(second) in "WF":
        second = ""
    return (first + second).upper()


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is an address to link."""
    done = 0
    for match in ADDRESS.finditer(text):
        address = _bare(match[0])
        if len(address) <= len("https://"):
            continue
        if match.start() > done:
            yield text[done : match.start()], False
        yield address, True
        done = match.start() + len(address)
    if done < len(text):
        yield text[done:], False


def linked(text: str) -> Markup:
    """The text as HTML: addresses as links that tell nobody where they were found, everything else inert."""
    link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow ugc">{0}</a>')
    return Markup("").join(link.format(part) if is_link else escape(part) for part, is_link in parts(text))


def runs(entries: Iterable[dict[str, Any]]) -> Iterator[Shown]:
    """Messages in their places, by days of UTC: the script makes them the reader's own."""
    last: dict[str, Any] | None = None
    for entry in entries:
        if entry["type"] != "message":
            continue
        date = _time(entry["at"]).date()
        new_day = last is None or _time(last["at"]).date() != date
        lead = new_day or last is None or last["user"]["id"] != entry["user"]["id"] or entry["at"] - last["at"] > RUN
        yield Shown(entry, lead, f"{date:%A}, {date.day} {date:%B %Y}" if new_day else "", date.isoformat())
        last = entry


def clock(at: int) -> str:
    """The time of day, in UTC and saying so."""
    return f"{_time(at):%H:%M} UTC"


def instant(at: int) -> str:
    """The moment, for `<time datetime>`."""
    return _time(at).isoformat(timespec="milliseconds")


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _bare(address: str) -> str:
    """Without what ends the sentence that the address stands in, and brackets that open before it."""
    while (last := address[-1:]) and (last in ENDS_A_SENTENCE or _unopened(address, last)):
        address = address[:-1]
    return address


def _unopened(address: str, last: str) -> bool:
    """Whether the address ends with a bracket that opens before it."""
    return last in BRACKETS and address.count(BRACKETS[last]) < address.count(last)


def _stands(character: str) -> bool:
    """Whether a character can stand for a word: a letter, a digit or a symbol."""
    return unicodedata.category(character)[0] in "LNS"
