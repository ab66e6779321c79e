"""Commands for the person who runs the chat."""

import click
from flask import Flask

from chat import live
from chat.cli import drill as drills
from chat.cli import people, rooms
from chat.cli.output import plainly
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    """Add the chat's commands to `flask`."""
    people.init_app(app, chat)
    rooms.init_app(app, chat)

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

    @app.cli.command("new-epochs")
    def new_epochs() -> None:
        """Have every client load every room anew, as after a back-up was put back.

        What they hold may be of a later time than what is stored, and nobody could see it otherwise.
        """
        with plainly():
            names = [room.name for room in chat.rooms.all()]
            for name in names:
                chat.rooms.refound(name, always=True)
        rooms = "room has" if len(names) == 1 else "rooms have"
        click.echo(f"{len(names)} {rooms} another epoch: their clients load them anew.")

    @app.cli.command("drill")
    @click.argument("url", default=f"http://127.0.0.1:{config.port}")
    @click.option(
        "--seconds", default=20.0, show_default=True, type=click.FloatRange(1, 3600), help="For how long they talk."
    )
    @click.option(
        "--rate",
        default=2.0,
        show_default=True,
        type=click.FloatRange(0.1, 200),
        help="Messages a second of each. More than 2 for long takes CHAT_RATE_LIMIT=off where the chat is served.",
    )
    @click.option(
        "--restart",
        type=click.Choice(["worker", "redis"]),
        help="Restart the worker of one of them halfway, or the private Redis; of another Redis, drop all connections.",
    )
    @click.pass_context
    def drill(context: click.Context, url: str, seconds: float, rate: float, restart: str | None) -> None:
        """Check the chat at URL while it runs: nothing lost, nothing doubled, one order.

        Two people talk in a room of their own, which nobody sees, and nothing of it stays. To be run with the settings
        of the chat that it checks. Ends with status 1 if the promise was not kept.
        """
        click.echo(f"Two people talk at {url} for {seconds:.0f} s.")
        with plainly():
            try:
                verdicts = drills.hold(app, chat, url, seconds=seconds, rate=rate, restart=restart)
            except drills.DrillError as error:
                raise click.ClickException(str(error)) from None
        drills.show(verdicts)
        context.exit(0 if all(each.kept for each in verdicts) else 1)
