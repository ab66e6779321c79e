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

# Classes are spelled out, as "\s" and "\w" are not the same in the browser. An address begins after anything but a
# digit or a letter of an alphabet, and ends before white space, what is not seen, quotes, and the punctuation of
# Arabic, CJK and Devanagari.
WORD = r"0-9A-Za-z\u00c0-\u024f"
ENDS = (
    r"\u0000-\u0020\u007f-\u00a0\u00ab\u00ad\u00bb\u060c\u061b-\u061f\u06d4\u0964\u0965\u1680\u180e\u2000-\u200b\u200e\u200f"
    r"\u2018-\u201f\u2028-\u202f\u2039\u203a\u205f-\u206f\u3000-\u3003\u3008-\u3011\u3014-\u301f\ufe10-\ufe19\ufe30-\ufe52\ufeff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff9-\uffff<>\"`|\\"
)
# What is never stripped from its end: so each address has a host.
HOST = rf"[^/?#.:@,;!'(){{}}\]*_~\u2010-\u2015\u2026{ENDS}]"
ADDRESS = re.compile(
    rf"(?<![{WORD}])[Hh][Tt][Tt][Pp][Ss]?://{HOST}[^{ENDS}]*"
    rf"|(?<![{WORD}.:@/_-])[Ww][Ww][Ww]\.{HOST}{{1,63}}\.{HOST}[^{ENDS}]*"
    rf"|(?P<mail>(?<![{WORD}_+%@/-])[0-9A-Za-z_][0-9A-Za-z._+-]{{0,63}}@(?:[{WORD}-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,63}}(?![{WORD}_@-]))"
)
LONGEST_ADDRESS = 2000
MOST_LINKS = 100
ENDS_A_SENTENCE = ".,;:!?'\u2026\u2010\u2011\u2012\u2013\u2014\u2015"
# Belong to the address, unless one stands before it too.
EMPHASIS = "*_~"
BRACKETS = {")": "(", "]": "[", "}": "{"}
# The type of entries that a feed shows, and the milliseconds within which the next of the same person joins the
# run. The page tells both to the script.
SHOWN = "message"
RUN = 5 * 60 * 1000


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
    app.jinja_env.globals.update(shown_type=SHOWN, run_within=RUN)
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


def parts(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with where it leads if it is an address: the first `MOST_LINKS` not too long."""
    done = links = 0
    for match in ADDRESS.finditer(text):
        address = _bare(match[0], text[match.start() - 1 : match.start()])
        if len(address) > LONGEST_ADDRESS:
            continue
        links += 1
        if links > MOST_LINKS:
            break
        if match.start() > done:
            yield text[done : match.start()], ""
        yield address, _leads_to(address, is_mail=bool(match["mail"]))
        done = match.start() + len(address)
    if done < len(text):
        yield text[done:], ""


def linked(text: str) -> Markup:
    """The text as HTML: addresses as links that tell nobody where they were found, everything else inert.

    A link is read from left to right whatever stands around it, so that it shows where it leads.
    """
    link = Markup('<a href="{}" dir="ltr" target="_blank" rel="noopener noreferrer nofollow ugc">{}</a>')
    return Markup("").join(link.format(href, part) if href else escape(part) for part, href in parts(text))


def runs(entries: Iterable[dict[str, Any]]) -> Iterator[Shown]:
    """Messages in their places, by days of UTC: the script makes them the reader's own."""
    last: dict[str, Any] | None = None
    for entry in entries:
        if entry["type"] != SHOWN:
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


def _leads_to(address: str, *, is_mail: bool) -> str:
    if is_mail:
        return f"mailto:{address}"
    return f"https://{address}" if address[0] in "Ww" else address


def _bare(address: str, before: str) -> str:
    """Without the end of the sentence that it stands in, brackets that open before it, and emphasis around it."""
    unopened = {last: address.count(last) - address.count(first) for last, first in BRACKETS.items()}
    around = before if before and before in EMPHASIS else ""
    end = len(address)
    while end:
        last = address[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in ENDS_A_SENTENCE and last != around:
            break
        end -= 1
    return address[:end]


def _stands(character: str) -> bool:
    """Whether a character can stand for a word: a letter, a digit or a symbol."""
    return unicodedata.category(character)[0] in "LNS"
