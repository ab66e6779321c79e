"""`flask new-epochs`."""

import click
from flask import Flask

from chat.cli.output import plainly
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    @app.cli.command("new-epochs")
    def new_epochs() -> None:
        """Have every client load every room anew, as after a back-up was put back.

        What they hold may be of a later time than what is stored, and nobody could see it otherwise.
        """
        with plainly():
            names = [room.id for room in chat.rooms.all()]
            for name in names:
                chat.rooms.new_epoch(name, always=True)
        rooms = "room has" if len(names) == 1 else "rooms have"
        click.echo(f"{len(names)} {rooms} another epoch: their clients load them anew.")
