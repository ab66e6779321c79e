"""`flask rooms`, `flask remove-room`."""

import click
from flask import Flask

from chat.cli.output import answer, as_json, plainly, sure, table, yes
from chat.domain import Chat


def init_app(app: Flask, chat: Chat) -> None:
    """Add the commands about rooms to `flask`."""

    @app.cli.command("rooms")
    @as_json
    def rooms(as_json: bool) -> None:
        """Which rooms there are: their members, who is here, and the messages kept."""
        with plainly():
            found = chat.census.rooms()
        if as_json:
            answer({"count": len(found), "rooms": [each.as_dict() for each in found]})
            return
        heads = ("NAME", "MEMBERS", "HERE", "MESSAGES", "SIZE", "TOPIC")
        table(heads, [(e.name, e.members, e.here, e.messages, _size(e.bytes), e.topic) for e in found])

    @app.cli.command("remove-room")
    @click.argument("name")
    @yes
    @as_json
    def remove_room(name: str, yes: bool, as_json: bool) -> None:
        """Remove the room NAME with all that was said in it, for everybody and for good."""
        with plainly():
            room = chat.rooms.find(name)
            sure(f"Remove {name} with its {room.head:,} messages? They cannot be brought back.", yes=yes)
            members = chat.rooms.remove(name)
        if as_json:
            answer({"name": name, "members": members})
        else:
            click.echo(f"{name} is removed. Its members, {members:,}, are told.")


def _size(bytes: int | None) -> str:
    if bytes is None:
        return "-"
    return f"{bytes / 1024:,.0f} KiB" if bytes < 1024 * 1024 else f"{bytes / 1024 / 1024:,.1f} MiB"
