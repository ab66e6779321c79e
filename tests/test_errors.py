"""The catalogue of errors, and its public reference."""

import re
from pathlib import Path

from chat.errors import STATUS, ChatError

PROTOCOL = Path(__file__).parents[1] / "docs" / "protocol.md"


def test_the_reference_lists_exactly_the_codes_that_there_are() -> None:
    section = PROTOCOL.read_text().split("## Errors")[1].split("##")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| `")]
    listed = {code: row[2] for row in rows for code in re.findall(r"`(\w+)`", row[1])}
    assert set(listed) == set(STATUS)
    for code, statuses in listed.items():
        assert str(STATUS[code]) in statuses


def test_an_error_goes_over_the_wire_with_its_wait() -> None:
    error = ChatError("too_fast", "Slow down.", retry_after=1.2345)
    assert error.as_dict() == {"code": "too_fast", "message": "Slow down.", "retry_after": 1.23}
    assert (error.status, str(error)) == (429, "Slow down.")
