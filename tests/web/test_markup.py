"""How what people wrote is shown. The browser is held to the same tables in `tests/system/test_markup.py`."""

import pytest

from chat.web import markup
from tests.support.texts import INITIALS, LINKS


@pytest.mark.parametrize("case", LINKS, ids=lambda case: case["text"][:60])
def test_addresses_are_links_and_everything_else_is_inert(case: dict) -> None:
    assert list(markup.parts(case["text"])) == [(part["text"], part.get("href", "")) for part in case["parts"]]
    html = str(markup.linked(case["text"]))
    assert html.count("<") == 2 * sum("href" in part for part in case["parts"])


@pytest.mark.parametrize("case", INITIALS, ids=lambda case: case["name"])
def test_initials_stand_for_a_name(case: dict) -> None:
    assert markup.initials(case["name"]) == case["initials"]


def test_messages_of_one_author_within_five_minutes_make_a_run() -> None:
    def entry(author: str, minutes: float, type: str = "message") -> dict:
        return {"type": type, "user": {"id": author}, "at": 1_700_000_000_000 + int(minutes * 60_000)}

    entries = [
        entry("a", 0),
        entry("a", 4),
        entry("b", 5),
        entry("?", 5, "unknown"),
        entry("b", 11),
        entry("b", 60 * 24),
    ]
    shown = list(markup.runs(entries))
    assert [each.lead for each in shown] == [True, False, True, True, True]
    assert [bool(each.day) for each in shown] == [True, False, False, False, True]
