"""`flask drill`: two people talk on a live deployment, and what each of them read is judged."""

import click
from flask import Flask

from chat.cli.drill.drill import hold
from chat.cli.drill.participant import DrillError
from chat.cli.drill.verdict import show
from chat.cli.output import plainly
from chat.config import Config
from chat.domain import Chat


def init_app(app: Flask, chat: Chat, config: Config) -> None:
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
                verdicts = hold(app, chat, url, seconds=seconds, rate=rate, restart=restart)
            except DrillError as error:
                raise click.ClickException(str(error)) from None
        show(verdicts)
        context.exit(0 if all(each.kept for each in verdicts) else 1)
