"""What people may write: the tables that server and browser are held to, and texts that make bad code slow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "cases"
ADDRESS = "https://e.example/"


def _links() -> list[dict[str, Any]]:
    longest = ADDRESS + "x" * (2000 - len(ADDRESS))
    wide = ADDRESS + "🎈" * (2000 - len(ADDRESS))
    hundred: list[dict[str, Any]] = [{"text": ADDRESS, "href": True}, {"text": " "}] * 100
    return [
        {"text": longest, "parts": [{"text": longest, "href": True}]},
        {"text": longest + ")" * 3000, "parts": [{"text": longest, "href": True}, {"text": ")" * 3000}]},
        {"text": f"{longest}x, and on", "parts": [{"text": f"{longest}x, and on"}]},
        {"text": wide, "parts": [{"text": wide, "href": True}]},
        {"text": f"{wide}x", "parts": [{"text": f"{wide}x"}]},
        {"text": f"{ADDRESS} " * 103, "parts": [*hundred[:-1], {"text": " " + f"{ADDRESS} " * 3}]},
    ]


def _led(case: dict[str, Any]) -> dict[str, Any]:
    """A case whose links say where they lead: to what they show, unless that is said."""
    parts = [part | {"href": part["text"]} if part.get("href") is True else part for part in case["parts"]]
    return case | {"parts": parts}


LINKS: list[dict[str, Any]] = [_led(case) for case in json.loads((CASES / "links.json").read_text()) + _links()]
"""Texts, each with the parts that it is shown in, and where they lead."""
INITIALS: list[dict[str, Any]] = json.loads((CASES / "initials.json").read_text())
"""Names, each with its initials."""


def _filled(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Makes texts of any length that begin, go on and end so."""

    def text(length: int) -> str:
        room = length - len(before) - len(after)
        return before + (unit * (room // len(unit) + 1))[:room] + after

    return text


AWKWARD: dict[str, Callable[[int], str]] = {
    "letters": _filled("a"),
    "words": _filled("some words, "),
    "spaces": _filled(" "),
    "spaces between": _filled(" ", "a", "b"),
    "newlines": _filled("\n"),
    "newlines between": _filled("\r\n", "a", "b"),
    "hyphens": _filled("-", "a", "b"),
    "hyphens and spaces": _filled("_ -", "a", "b"),
    "quotes": _filled("\"'`“"),
    "stars": _filled("*"),
    "ends of sentences": _filled(".,;:!?'*_~…"),
    "opening": _filled("(["),
    "closing": _filled(")"),
    "all closing": _filled(")]}"),
    "nested": _filled("(a)[b]{c}"),
    "marks": _filled("\u0301"),
    "marks on a letter": _filled("\u0301", "a"),
    "marks out of order": _filled("\u0315\u0300\u0316\u0327", "a"),
    "marks that take turns": lambda length: ("\u0315" * (length // 2) + "\u0316" * length)[:length],
    "marks with joiners": _filled("\u0301\u200d", "a"),
    "accented letters": _filled("ṩ"),
    "hangul": _filled("\u1112\u1161\u11ab"),
    "ligatures": _filled("ﷺ"),
    "joiners": _filled("\u200d\u200c", "a", "b"),
    "joiners between letters": _filled("می\u200c"),
    "viramas": _filled("ක්\u200dෂ"),
    "families": _filled("👨\u200d👩\u200d👧"),
    "tags": _filled("\U000e0067", "🏴", "\U000e007f"),
    "flags without an end": _filled("🏴\U000e0067"),
    "selectors": _filled("\ufe0f", "☀"),
    "surrogate pairs": _filled("🎈"),
    "blanks": _filled("\u3164\u2800"),
    "overrides": _filled("\u202e\u2066"),
    "control characters": _filled("\x00\x1b"),
    "unassigned": _filled("\U0001faf9\U0001fabf\ue000"),
    "addresses": _filled("http://x.example/a "),
    "address after address": _filled("http://"),
    "beginnings of addresses": _filled("http:/"),
    "an address of letters": _filled("x", "http://x/"),
    "an address that closes": _filled(")", "http://x/"),
    "an address that closes everything": _filled("]})", "http://x/"),
    "an address that opens and closes": _filled("()", "http://x/"),
    "an address that ends": _filled(".", "http://x/"),
    "an address of marks": _filled("\u0301", "http://x/"),
    "an address of pairs": _filled("🎈", "http://x/"),
    "addresses that close": _filled("http://x/))))) "),
    "addresses after www": _filled("www.x"),
    "labels after www": _filled("x.", "www."),
    "addresses of mail": _filled("a@b.example "),
    "beginnings of mail": _filled("a.a@"),
    "labels of mail": _filled("a.", "a@"),
    "letters of mail": _filled("ab.", "a@b."),
    "emphasis": _filled("_", "_http://x/"),
    "markup": _filled('<a href="x">&amp;'),
    "digits": _filled("1"),
    "capitals": _filled("İẞŒ"),
}
"""Texts of so many characters, each by what it is made of."""
