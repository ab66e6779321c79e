"""Commands for the person who runs the chat: one file a command."""

from flask import Flask

from chat.cli.announce import announce
from chat.cli.drill import drill
from chat.cli.let_in import let_in
from chat.cli.new_epochs import new_epochs
from chat.cli.people import people
from chat.cli.put_out import put_out
from chat.cli.remove_room import remove_room
from chat.cli.rooms import rooms


def init_app(app: Flask) -> None:
    """Add the chat's commands to `flask`."""
    for command in (announce, drill, let_in, new_epochs, people, put_out, remove_room, rooms):
        app.cli.add_command(command)
