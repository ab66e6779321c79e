"""`flask announce`."""

import click
from flask import Flask

from chat import live
from chat.cli.output import plainly
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    @app.cli.command("announce")
    @click.argument("text")
    def announce(text: str) -> None:
        """Say TEXT to everyone connected."""
        text = text.strip()
        if not 1 <= len(text) <= 1000:
            raise click.BadParameter(f"An announcement has 1 to 1,000 characters, this one {len(text)}.")
        with plainly():
            chat.store.ask(("PING",))
        live.announce(chat.store, config, text)
        click.echo("Said to everyone connected.")
