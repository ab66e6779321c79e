"""What a person may be called, and which names look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain import names
from chat.errors import ChatError


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada  ", "Ada"),
        ("Ada \t Lovelace", "Ada Lovelace"),
        ("Ａｄａ", "Ada"),
        ("林 小雨", "林 小雨"),
        ("Zoë", "Zoë"),
        ("José", "José"),
        ("مريم", "مريم"),
        ("🎈", "🎈"),
        ("☀️", "☀"),
        ("x" * 32, "x" * 32),
    ],
)
def test_a_name_of_any_script_is_taken(typed: str, name: str) -> None:
    assert names.normalise(typed) == name


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type a name"),
        ("   ", "Type a name"),
        ("x" * 33, "33 characters"),
        ("Ada\u200bL", "U+200B"),
        ("Ada\u202eL", "U+202E"),
        ("Ada\x00", "U+0000"),
        ("Ada\u2066x", "U+2066"),
        ("ㅤ", "invisible"),
        ("⠀", "invisible"),
        ("...", "at least one letter"),
        ("a\u0301\u0301\u0301\u0301\u0301", "accents"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused_with_the_reason(typed: str, said: str) -> None:
    with pytest.raises(ChatError, match="name_invalid|" + said.replace("+", r"\+")) as refused:
        names.normalise(typed)
    assert refused.value.code == "name_invalid"
    assert said in refused.value.message


@pytest.mark.parametrize("typed", ["admin", "ADMIN", "Аdmin", "System", "everyone"])
def test_a_few_names_are_reserved_in_every_disguise(typed: str) -> None:
    with pytest.raises(ChatError) as refused:
        names.normalise(typed)
    assert refused.value.code == "name_reserved"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ADA"),
        ("Mira Okafor", "Mira 0kafor"),
        ("mira okafor", "MIRA 0KAFOR"),
        ("Ada", "Аda"),
        ("paypal", "рауpаl"),
        ("Ian", "lan"),
        ("Ian", "1an"),
        ("Strasse", "Straße"),
        ("morn", "mom"),
    ],
)
def test_names_that_look_alike_meet(one: str, other: str) -> None:
    assert names.forms(one) & names.forms(other)


@pytest.mark.parametrize(("one", "other"), [("Ada", "Ida"), ("Ian", "Lan"), ("林", "森"), ("Jonas", "Jones")])
def test_names_that_differ_do_not_meet(one: str, other: str) -> None:
    assert not names.forms(one) & names.forms(other)


@given(st.text(max_size=40))
def test_a_name_taken_is_taken_again_as_it_is(typed: str) -> None:
    try:
        name = names.normalise(typed)
    except ChatError:
        return
    assert names.normalise(name) == name
    assert 1 <= len(name) <= names.LONGEST
