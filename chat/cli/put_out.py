"""`flask put-out`."""

import click

from chat.cli.output import answer, as_json, command, sure, yes
from chat.domain import Chat


@command("put-out")
@click.argument("name")
@yes
@as_json
def put_out(chat: Chat, name: str, yes: bool, as_json: bool) -> None:
    """Put NAME out: end their memberships and connections, and keep the name from returning.

    What they wrote stays. They may come back under another name. `flask let-in` takes it back.
    """
    person = chat.called(name)
    known = f"Put {person.name} out?" if person else f"Nobody is called {name} just now. Keep the name out?"
    sure(known, yes=yes)
    out = chat.put_out(name)
    if as_json:
        answer({"name": out, "id": person.id if person else None})
    elif person:
        click.echo(f"{out} is put out.")
    else:
        click.echo(f"Nobody is called {out}. From now on nobody may choose that name.")
