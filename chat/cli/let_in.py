"""`flask let-in`."""

import click
from flask import Flask

from chat.cli.output import answer, as_json, plainly
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    @app.cli.command("let-in")
    @click.argument("name")
    @as_json
    def let_in(name: str, as_json: bool) -> None:
        """Let NAME, which was put out, be chosen again."""
        with plainly():
            lifted = chat.bans.lift(name)
        if lifted is None:
            raise click.ClickException(f"{name} was not put out; `flask people --put-out` lists who was.")
        if as_json:
            answer({"name": lifted})
        else:
            click.echo(f"{lifted} may be chosen again.")
