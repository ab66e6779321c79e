"""`flask let-in`."""

import click

from chat.cli.output import answer, as_json, command
from chat.domain import Chat


@command("let-in")
@click.argument("name")
@as_json
def let_in(chat: Chat, name: str, as_json: bool) -> None:
    """Let NAME, which was put out, be chosen again."""
    lifted = chat.bans.lift(name)
    if lifted is None:
        raise click.ClickException(f"{name} was not put out; `flask people --put-out` lists who was.")
    if as_json:
        answer({"name": lifted})
    else:
        click.echo(f"{lifted} may be chosen again.")
