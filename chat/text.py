"""What people's text is made of: characters that draw nothing, marks, joiners, and what looks alike to the eye."""

import re
import unicodedata
from itertools import pairwise

import idna.core

# Letters, marks and symbols that draw nothing, beside what Unicode calls format characters (Cf).
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00016fe4\U0001d159"
    "\U000e0100-\U000e01ef]"
)
# Format characters that do draw something: signs that stand before a number or around it.
SIGNS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
# Places kept for characters that will draw nothing, and what never is a character.
NEVER_DRAWN = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\U000e0000-\U000e0fff]")
JOINERS = "\u200c\u200d"
# The flags of England, Scotland and others: a black flag, and letters that draw nothing.
FLAG = re.compile("🏴[\U000e0020-\U000e007e]{1,30}\U000e007f")
# Marks on one character that a message shows: more than any script or language puts there.
STACKED = 8


def _class_of_marks() -> str:
    """All marks, as ranges for a character class."""
    # The last ones are here, beside the selectors that are among the blanks.
    codes = [code for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M"]
    ends = [code for code, following in pairwise([*codes, 0]) if following != code + 1]
    starts = [code for before, code in pairwise([0, *codes]) if before != code - 1]
    return (
        "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True)) + "\U000e0100-\U000e01ef"
    )


_MARKS = _class_of_marks()
_TOO_MANY_MARKS = re.compile(f"([{_MARKS}{JOINERS}]{{{STACKED}}})[{_MARKS}{JOINERS}]+")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def cleaned(text: str) -> str:
    """The text without what nobody can see in it: control characters, and marks beyond `STACKED` on one character.

    Line breaks of every kind become newlines; tabs stay. Nothing is left out that anybody reads.
    """
    if text.isascii() and text.isprintable():
        return text
    return _TOO_MANY_MARKS.sub(r"\1", _CONTROLS.sub("", _BREAKS.sub("\n", text)))


def draws(character: str) -> bool:
    """Whether there is something to see of a character, be it one that this Python does not know yet."""
    category = unicodedata.category(character)
    if category[0] == "Z" or category in ("Cc", "Cs") or BLANK.match(character):
        return False
    if category in ("Cf", "Cn"):
        never = NEVER_DRAWN.match(character) or ord(character) & 0xFFFE == 0xFFFE
        return bool(SIGNS.match(character)) or (category == "Cn" and not never)
    return True


def is_empty(text: str) -> bool:
    """Whether there is nothing to see in a text."""
    return not any(draws(character) for character in text)


def hidden(text: str) -> str:
    """The first character in a line that is not seen and could mislead about what is; empty if there is none.

    Joiners, selectors and the letters of flags are part of ordinary text.
    """
    for character in FLAG.sub("", text):
        if character not in JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs") and not draws(character):
            return character
    return ""


def stray_joiner(text: str) -> str:
    """The first joiner in a text that shapes nothing where it stands; empty if there is none.

    A joiner may stand where RFC 5892 lets it (appendix A.1 and A.2: between Arabic letters that would join, and after a
    virama), and a zero width joiner also between symbols, as in the emoji of a family. To be asked of short texts.
    """
    for at, character in enumerate(text):
        if character in JOINERS and not (_shapes(text, at) or _joins_symbols(text, at)):
            return character
    return ""


def _shapes(text: str, at: int) -> bool:
    try:
        return idna.core.valid_contextj(text, at)
    except ValueError:
        # Beside it stands what has no name.
        return False


def _joins_symbols(text: str, at: int) -> bool:
    if text[at] != "\u200d" or not 0 < at < len(text) - 1:
        return False
    return all(unicodedata.category(text[beside])[0] == "S" for beside in (at - 1, at + 1))


def most_marks(text: str, *categories: str) -> int:
    """How many marks of these categories stand on one character at most, counting the ones between which others do."""
    most = run = 0
    for character in text:
        category = unicodedata.category(character)
        if category in categories:
            run += 1
            most = max(most, run)
        elif category[0] != "M" and character not in JOINERS:
            run = 0
    return most


def code(character: str) -> str:
    """A character by its number, such as U+200B."""
    return f"U+{ord(character):04X}"
