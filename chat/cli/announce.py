"""`flask announce`."""

import click
from flask import current_app

from chat import live
from chat.cli.output import command
from chat.domain import Chat


@command("announce")
@click.argument("text")
def announce(chat: Chat, text: str) -> None:
    """Say TEXT to everyone connected."""
    text = text.strip()
    if not 1 <= len(text) <= 1000:
        raise click.BadParameter(f"An announcement has 1 to 1,000 characters, this one {len(text)}.")
    chat.store.ask(("PING",))
    live.announce(chat.store, current_app.extensions["worker"].config, text)
    click.echo("Said to everyone connected.")
