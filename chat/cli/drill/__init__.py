"""`flask drill`: two people talk on a live deployment, and what each of them read is judged."""

import click
from flask import current_app

from chat.cli.drill.drill import hold
from chat.cli.drill.verdict import show
from chat.cli.output import command
from chat.domain import Chat


@command("drill")
@click.argument("url", default="")
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
def drill(chat: Chat, url: str, seconds: float, rate: float, restart: str | None) -> None:
    """Check the chat at URL while it runs: nothing lost, nothing doubled, one order.

    Two people talk in a room of their own, which nobody sees, and nothing of it stays. To be run with the settings
    of the chat that it checks. Ends with status 1 if the promise was not kept.
    """
    url = url or f"http://127.0.0.1:{current_app.extensions['worker'].config.port}"
    click.echo(f"Two people talk at {url} for {seconds:.0f} s.")
    verdicts = hold(current_app, chat, url, seconds=seconds, rate=rate, restart=restart)
    show(verdicts)
    click.get_current_context().exit(0 if all(each.kept for each in verdicts) else 1)
