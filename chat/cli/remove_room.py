"""`flask remove-room`."""

import click

from chat.cli.output import answer, as_json, command, sure, yes
from chat.domain import Chat


@command("remove-room")
@click.argument("name")
@yes
@as_json
def remove_room(chat: Chat, name: str, yes: bool, as_json: bool) -> None:
    """Remove the room NAME with all that was said in it, for everybody and for good."""
    room = chat.rooms.find(name)
    sure(f"Remove {name} with its {room.head:,} messages? They cannot be brought back.", yes=yes)
    members = chat.removals.remove(name)
    if as_json:
        answer({"name": name, "members": members})
    else:
        click.echo(f"{name} is removed. Its members, {members:,}, are told.")
