"""Commands for the person who runs the chat: one file a command."""

from flask import Flask

from chat.cli import announce, drill, let_in, new_epochs, people, put_out, remove_room, rooms
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    """Add the chat's commands to `flask`."""
    for command in (announce, drill, let_in, new_epochs, people, put_out, remove_room, rooms):
        command.init_app(app, chat, config)
