"""What people's text is made of: what can be seen of it, and what is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import text as texts


@pytest.mark.parametrize(
    "text",
    [
        *("a", ".", "🎈", "é", "\u0301", "林", "٣", "­x", "\u0600", "\u06dd"),
        # Not known to Python yet, or to nobody: the emoji of a next version, and letters that a font has of its own.
        *("\U0001faf9", "\U0001fbff", "\U0003fffd", "\ue000", "\U0010fffd", "\u0378"),
        *(" \n\u3164x", "\u200b🫩"),
    ],
)
def test_there_is_something_to_see(text: str) -> None:
    assert not texts.is_empty(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\n\t", "\u3164", "\u2800", "\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u034f", "\u180e"),
        *("\ufe0f", "\U000e0101", "\U000e0041", "\U0001d159", "\U00016fe4", "\u115f", "\uffa0", "\u3000", "\u2028"),
        *("\x00", "\x1b", "\x9f", "\ufffe", "\U0010ffff", "\ufdd0", "\u2065", "\ufff0", "\u3164 \u200b\n\u2800"),
    ],
)
def test_there_is_nothing_to_see(text: str) -> None:
    assert texts.is_empty(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\x0bd\x0ce\x85f", "a\nb\nc\nd\ne\nf"),
        ("\x00a\x1b[31mb\x7f\x80\x9f", "a[31mb"),
        ("Z" + "\u0301" * 8 + "x", "Z" + "\u0301" * 8 + "x"),
        ("Z" + "\u0301" * 9 + "x", "Z" + "\u0301" * 8 + "x"),
        ("Z" + "\u0301\u0489\u0903" * 9, "Z" + ("\u0301\u0489\u0903" * 3)[:8]),
        ("Z" + "\u0301\u200d" * 9, "Z" + "\u0301\u200d" * 4),
        ("\u0301" * 9000, "\u0301" * 8),
        ("Z" + "\U000e0100" * 9, "Z" + "\U000e0100" * 8),
        ("ที่ שָׁ֖לוֹם བསྒྲུབས မြွှေ့", "ที่ שָׁ֖לוֹם བསྒྲུབས မြွှေ့"),
        ("می\u200cخواهم ශ්\u200dරී 👨\u200d👩\u200d👧 \u200f", "می\u200cخواهم ශ්\u200dරී 👨\u200d👩\u200d👧 \u200f"),
    ],
)
def test_what_nobody_can_see_is_left_out(text: str, cleaned: str) -> None:
    assert texts.cleaned(text) == cleaned


@given(st.text())
def test_what_is_cleaned_stays_as_it_is(text: str) -> None:
    assert texts.cleaned(texts.cleaned(text)) == texts.cleaned(text)


@given(st.text())
def test_a_joiner_is_judged_beside_anything(text: str) -> None:
    assert texts.stray_joiner(f"{text}\u200d") in texts.JOINERS
