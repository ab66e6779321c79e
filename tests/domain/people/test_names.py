"""What a person may be called, and which names look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.people import names
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
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("شاه\u200cنامه", "شاه\u200cنامه"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("क्\u200cष", "क्\u200cष"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤️\u200d🔥", "❤\u200d🔥"),
        ("🙂\u200d↔️", "🙂\u200d↔"),
        ("မြွှေ့", "မြွှေ့"),
        ("བསྒྲུབས", "བསྒྲུབས"),
        ("น้ำ", "น้ํา"),
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
        ("\U0001d159", "invisible"),
        ("a\U00016fe4", "U+16FE4"),
        ("a\u200db", "U+200D"),
        ("a\u200cb", "U+200C"),
        ("\u200cمی", "U+200C"),
        ("می\u200c", "U+200C"),
        ("می\u200c\u200cخ", "U+200C"),
        ("👨\u200d", "U+200D"),
        ("👨\u200dx", "U+200D"),
        ("👨\u200d\u200d👩", "U+200D"),
        ("🏴\U000e0067\U000e007f", "U+E0067"),
        ("x\ue000", "unknown here (U+E000)"),
        ("x\U0003fffd", "unknown here (U+3FFFD)"),
        ("x\U0003fffd\u200d", "unknown here (U+3FFFD)"),
        ("...", "at least one letter"),
        ("a\u0301\u0301\u0301\u0301\u0301", "accents"),
        ("a" + "\u0489" * 4, "accents"),
        ("a" + "\u0489\u0315" * 2, "accents"),
        ("a" + "\u0301\u0903" * 4, "accents"),
        ("a" + "\u0903" * 7, "accents"),
        ("x" * 201, "201 characters"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused_with_the_reason(typed: str, said: str) -> None:
    with pytest.raises(ChatError) as refused:
        names.normalise(typed)
    assert refused.value.code == "name_invalid"
    assert said in refused.value.message


@pytest.mark.parametrize(
    "typed",
    [
        *("admin", "ADMIN", "Аdmin", "System", "everyone", "mod", "Owner", "operator", "adrnin"),
        *("admin.", "[admin]", "@admin", "Admin 1", "1 admin", "admin2", "a.d.m.i.n", "A D M I N", "~ Mod ~", "«root»"),
        *("admin ✓", "🛡 admin", "Admin 🙂\u200d↔", "Harbour", "harbour!", "HARB0UR", "Harbour 2"),
    ],
)
def test_a_few_names_are_reserved_in_every_disguise(typed: str) -> None:
    with pytest.raises(ChatError) as refused:
        names.refuse_reserved(names.normalise(typed), "Harbour")
    assert refused.value.code == "name_reserved"


@pytest.mark.parametrize("typed", ["Al L", "Mo D", "Madmin", "Harbourmaster", "Ownersson", "Rooty", "Admiral 1", "X"])
def test_a_name_that_only_begins_like_one_of_them_is_free(typed: str) -> None:
    names.refuse_reserved(names.normalise(typed), "Harbour")


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
        ("می\u200cخواهم", "میخواهم"),
        ("👨\u200d👩", "👨👩"),
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
