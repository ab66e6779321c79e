"""The catalogue of errors, and its public reference."""

import ast
import re
from collections.abc import Iterator
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


def made() -> Iterator[tuple[str, set[str]]]:
    """The code of each error that the chat makes, with what else it is made of."""
    for path in PROTOCOL.parents[1].glob("chat/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ChatError":
                assert isinstance(node.args[0], ast.Constant), path
                yield str(node.args[0].value), {str(each.arg) for each in node.keywords}


def test_each_error_that_passes_by_itself_says_when_and_no_other_does() -> None:
    section = PROTOCOL.read_text().split("## Errors")[1].split("##")[0]
    passing = {
        code for row in section.splitlines() if row.endswith("| yes |") for code in re.findall(r"^\| `(\w+)`", row)
    }
    assert len(passing) == 4
    errors = list(made())
    assert passing < {code for code, _ in errors}
    assert [code for code, rest in errors if ("retry_after" in rest) != (code in passing)] == []
