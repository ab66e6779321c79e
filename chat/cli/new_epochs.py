"""`flask new-epochs`."""

import click

from chat.cli.output import command
from chat.domain import Chat


@command("new-epochs")
def new_epochs(chat: Chat) -> None:
    """Have every client load every room anew, as after a back-up was put back.

    What they hold may be of a later time than what is stored, and nobody could see it otherwise.
    """
    names = [room.id for room in chat.rooms.all()]
    for name in names:
        chat.rooms.new_epoch(name, always=True)
    rooms = "room has" if len(names) == 1 else "rooms have"
    click.echo(f"{len(names)} {rooms} another epoch: their clients load them anew.")
