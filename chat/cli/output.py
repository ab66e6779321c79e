"""How commands say things: tables and JSON, and one sentence where something is wrong."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from chat.errors import ChatError
from chat.store.errors import Unavailable

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
yes = click.option("--yes", is_flag=True, help="Do not ask.")


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command of `flask`, given the chat. It ends with a sentence where that refuses, or Redis does not answer."""

    def made(act: Callable[..., None]) -> click.Command:
        @wraps(act)
        def run(**options: Any) -> None:
            try:
                act(current_app.extensions["chat"], **options)
            except (ChatError, Unavailable) as error:
                raise click.ClickException(str(error)) from None

        return click.command(name)(with_appcontext(run))

    return made


def sure(question: str, *, yes: bool) -> None:
    """Go on only if the answer is yes."""
    if not yes:
        click.confirm(question, abort=True, err=True)


def answer(value: dict[str, Any]) -> None:
    """Print what programs read."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns, numbers to the right."""
    cells = [list(heads), *([f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    right = [bool(rows) and isinstance(rows[0][column], int) for column in range(len(heads))]
    for row in cells:
        line = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        click.echo("  ".join(line).rstrip())


def moment(seconds: int) -> str:
    """A time in UTC, to the minute; a hyphen for none."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}" if seconds else "-"
