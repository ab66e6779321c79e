"""Commands for the person who runs the chat."""

import click
from flask import Flask

from chat import live
from chat.config import Config
from chat.domain import Chat
from chat.store.connection import Unreachable


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    """Add the chat's commands to `flask`."""

    @app.cli.command("announce")
    @click.argument("text")
    def announce(text: str) -> None:
        """Say TEXT to everyone connected."""
        text = text.strip()
        if not 1 <= len(text) <= 1000:
            raise click.BadParameter(f"An announcement has 1 to 1,000 characters, this one {len(text)}.")
        try:
            chat.store.redis.ping()
        except Unreachable as error:
            raise click.ClickException(f"Redis does not answer: {error}") from None
        live.announce(chat.store.url, config, text)
        click.echo("Said to everyone connected.")
