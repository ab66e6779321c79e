"""What a person may be called, and which names look alike."""

import re
import unicodedata
from functools import cache

from confusable_homoglyphs.confusables import confusables_data

from chat import text as texts
from chat.errors import ChatError

LONGEST = 32
# What is longer is not looked at: putting many marks in order takes time by the square of how many they are.
LONGEST_TYPED = 200
RESERVED = (
    "admin",
    "administrator",
    "all",
    "channel",
    "everyone",
    "here",
    "mod",
    "moderator",
    "operator",
    "owner",
    "root",
    "server",
    "support",
    "system",
)

# Says only whether the symbol before it is drawn as text or as a picture.
PRESENTATION = re.compile("[\ufe00-\ufe0f]")
_JOINERS = re.compile(f"[{texts.JOINERS}]")
# Marks on one letter at most: those above, below or around it (Mn, Me), and together with those beside it (Mc), of
# which Burmese has some more.
ACCENTS_IN_A_ROW = 3
MARKS_IN_A_ROW = 6


def spelled(text: str) -> str:
    """`text` as a name is written: NFKC, trimmed, white space made single. Nothing else is looked at.

    Raises:
        ChatError: `name_invalid`, as it is far too long.
    """
    name = " ".join(text.split())
    if len(name) > LONGEST_TYPED:
        raise _too_long(name)
    return " ".join(PRESENTATION.sub("", unicodedata.normalize("NFKC", name)).split())


def normalise(text: str) -> str:
    """The name that `text` asks for, spelled as names are.

    Raises:
        ChatError: `name_invalid`, with the reason.
    """
    name = spelled(text)
    if not name:
        raise ChatError("name_invalid", "Type a name first.")
    if len(name) > LONGEST:
        raise _too_long(name)
    for character in name:
        if unicodedata.category(character) in ("Cn", "Co"):
            raise ChatError(
                "name_invalid", f"That contains a character unknown here ({texts.code(character)}). Type it without."
            )
        if not (texts.draws(character) or character in " " + texts.JOINERS):
            raise _invisible(character)
    if stray := texts.stray_joiner(name):
        raise _invisible(stray)
    if not any(unicodedata.category(character)[0] in "LNS" for character in name):
        raise ChatError("name_invalid", "A name needs at least one letter or digit.")
    if too_many_marks(name):
        raise ChatError("name_invalid", f"At most {ACCENTS_IN_A_ROW} accents can stand on one letter.")
    return name


def refuse_reserved(name: str, chat_name: str) -> None:
    """Refuse a name that the chat keeps for itself, such as its own.

    Raises:
        ChatError: `name_reserved`.
    """
    kept = _reserved_forms() | _dressed_forms(chat_name)
    if _dressed_forms(name) & kept:
        raise ChatError("name_reserved", f"{name} is a name that the chat keeps for itself. Try another.")


def too_many_marks(name: str) -> bool:
    """Whether so many marks stand on one letter that they cannot be read."""
    accents = texts.most_marks(name, "Mn", "Me")
    return accents > ACCENTS_IN_A_ROW or texts.most_marks(name, "Mn", "Me", "Mc") > MARKS_IN_A_ROW


def forms(name: str) -> frozenset[str]:
    """The forms of a name: two names that can be taken for each other have at least one in common.

    One form is the same in every case and for look-alikes of the small letters, the other for look-alikes as written:
    so "Mira 0kafor" meets "Mira Okafor", "ADA" meets "ada", and "lan" (with an L) meets "Ian", but "Lan" does not.
    """
    return frozenset({"c:" + folded(name), "s:" + _skeleton(name)})


def folded(name: str) -> str:
    """The form that all names share which look alike in small letters."""
    return _skeleton(name.casefold()).casefold()


def _skeleton(text: str) -> str:
    """The skeleton of Unicode Technical Standard 39, section 4, over the data of confusable_homoglyphs."""
    prototypes = _prototypes()
    text = _JOINERS.sub("", text)
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


def _dressed_forms(name: str) -> frozenset[str]:
    """The forms of a name, and of the same name without what dresses it up."""
    plain = _plain(name)
    return forms(name) | (forms(plain) if plain else frozenset())


def _plain(name: str) -> str:
    """A name without what dresses it up: punctuation and symbols, digits around it, spaces between its letters."""
    words = "".join(character for character in name if unicodedata.category(character)[0] in "LMNZ").split()
    if all(len(word) == 1 for word in words):
        words = ["".join(words)]
    return re.sub(r"^[\d ]+|[\d ]+$", "", " ".join(words))


def _invisible(character: str) -> ChatError:
    return ChatError(
        "name_invalid", f"That contains an invisible character ({texts.code(character)}). Type it without."
    )


def _too_long(name: str) -> ChatError:
    return ChatError("name_invalid", f"That is {len(name)} characters long; a name has at most {LONGEST}.")
