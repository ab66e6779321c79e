"""How what people wrote is shown: names as initials, addresses as links, messages in runs and days.

`static/js/lib/text.js` and `static/js/lib/faces.js` do the same in the browser; `tests/cases/` holds both to it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

# Letters of ASCII alone: with re.IGNORECASE, "ſ" would be an "s" here, and is none in an address.
ADDRESS = re.compile(r"\b[Hh][Tt][Tt][Pp][Ss]?://[^\s<>\"\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
LONGEST_ADDRESS = 2000
MOST_LINKS = 100
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
    if not first:
        return ""
    if unicodedata.east_asian_width(first) in "WF" or unicodedata.category(first)[0] == "S":
        return first
    second = words[1][:1] if len(words) > 1 else words[0][1:2]
    if second and unicodedata.east_asian_width(second) in "WF":
        second = ""
    return (first + second).upper()


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is an address to link: the first `MOST_LINKS` of those not too long."""
    done = links = 0
    for match in ADDRESS.finditer(text):
        address = _bare(match[0])
        if not len("https://") < len(address) <= LONGEST_ADDRESS:
            continue
        links += 1
        if links > MOST_LINKS:
            break
        if match.start() > done:
            yield text[done : match.start()], False
        yield address, True
        done = match.start() + len(address)
    if done < len(text):
        yield text[done:], False


def linked(text: str) -> Markup:
    """The text as HTML: addresses as links that tell nobody where they were found, everything else inert.

    A link is read from left to right whatever stands around it, so that it shows where it leads.
    """
    link = Markup('<a href="{0}" dir="ltr" target="_blank" rel="noopener noreferrer nofollow ugc">{0}</a>')
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
    unopened = {last: address.count(last) - address.count(first) for last, first in BRACKETS.items()}
    end = len(address)
    while end:
        last = address[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in ENDS_A_SENTENCE:
            break
        end -= 1
    return address[:end]


def _stands(character: str) -> bool:
    """Whether a character can stand for a word: a letter, a digit or a symbol."""
    return unicodedata.category(character)[0] in "LNS"
