"""What a person may be called, and which names look alike."""

import re
import unicodedata
from functools import cache

from confusable_homoglyphs.confusables import confusables_data

from chat.errors import ChatError

LONGEST = 32
RESERVED = (
    "admin",
    "administrator",
    "all",
    "channel",
    "everyone",
    "here",
    "moderator",
    "root",
    "server",
    "support",
    "system",
)

# Letters and marks that draw nothing; what Unicode calls format characters (Cf) is refused by its category.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]")
# Says only whether the symbol before it is drawn as text or as a picture.
PRESENTATION = re.compile("[\ufe00-\ufe0f]")
MARKS_IN_A_ROW = 3


def normalise(text: str) -> str:
    """The name that `text` asks for: NFKC, trimmed, white space made single.

    Raises:
        ChatError: `name_invalid` or `name_reserved`, with the reason.
    """
    name = " ".join(PRESENTATION.sub("", unicodedata.normalize("NFKC", text)).split())
    if not name:
        raise ChatError("name_invalid", "Type a name first.")
    if len(name) > LONGEST:
        raise ChatError("name_invalid", f"That is {len(name)} characters long; a name has at most {LONGEST}.")
    for character in name:
        if unicodedata.category(character)[0] == "C" or BLANK.match(character):
            raise ChatError(
                "name_invalid", f"That contains an invisible character ({_code(character)}). Type it without."
            )
    if not any(unicodedata.category(character)[0] in "LNS" for character in name):
        raise ChatError("name_invalid", "A name needs at least one letter or digit.")
    if _longest_run_of_marks(name) > MARKS_IN_A_ROW:
        raise ChatError("name_invalid", f"At most {MARKS_IN_A_ROW} accents can stand on one letter.")
    if forms(name) & _reserved_forms():
        raise ChatError("name_reserved", f"{name} is a name that the chat keeps for itself. Try another.")
    return name


def forms(name: str) -> frozenset[str]:
    """What two names that can be taken for each other have in common at least one of.

    One form is the same in every case and for look-alikes of the small letters, the other for look-alikes as written:
    so "Mira 0kafor" meets "Mira Okafor", "ADA" meets "ada", and "lan" (with an L) meets "Ian", but "Lan" does not.
    """
    return frozenset({"c:" + _skeleton(name.casefold()).casefold(), "s:" + _skeleton(name)})


def _skeleton(text: str) -> str:
    """The skeleton of Unicode Technical Standard 39, section 4, over the data of confusable_homoglyphs."""
    prototypes = _prototypes()
    mapped = "".join(prototypes.get(character, character) for character in unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", mapped)


@cache
def _prototypes() -> dict[str, str]:
    """Each character with the one that stands for all that look like it.

    The data lists pairs in both directions, without saying which of the two is the prototype. As looking alike is an
    equivalence, each class can stand for itself: by its one sequence of characters, if it has one, else by its first
    small letter, letter or other character, so that a digit stands for no letter in one case alone.
    """
    leader: dict[str, str] = {}

    def find(text: str) -> str:
        while leader.setdefault(text, text) != text:
            text = leader[text]
        return text

    def rank(text: str) -> tuple[int, bool, bool, str]:
        return (-len(text), not text.islower(), not text.isalpha(), text)

    for source, targets in confusables_data.items():
        for target in targets:
            first, second = sorted((find(_bare(source)), find(_bare(target["c"]))), key=rank)
            leader[second] = first
    return {text: find(text) for text in leader if len(text) == 1}


def _bare(text: str) -> str:
    """Without the direction marks that the data wraps right-to-left letters in."""
    return text.strip("\u200e\u200f") or text


@cache
def _reserved_forms() -> frozenset[str]:
    return frozenset().union(*(forms(word) for word in RESERVED))


def _longest_run_of_marks(name: str) -> int:
    marks = "".join("m" if unicodedata.category(character) == "Mn" else " " for character in name)
    return max(map(len, marks.split()), default=0)


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
