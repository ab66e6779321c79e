"""`flask people`, `flask put-out`, `flask let-in`."""

import click
from flask import Flask

from chat.cli.output import answer, as_json, moment, plainly, sure, table, yes
from chat.domain import Chat


def init_app(app: Flask, chat: Chat) -> None:
    """Add the commands about people to `flask`."""

    @app.cli.command("people")
    @click.option("--like", default="", help="Only those with this in their name.")
    @click.option("--start", default=0, type=click.IntRange(0), help="From the one with this number on.")
    @click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="So many at most.")
    @click.option("--put-out", "put_out", is_flag=True, help="The names that were put out, instead.")
    @as_json
    def people(like: str, start: int, limit: int, put_out: bool, as_json: bool) -> None:
        """Who has a name here: whether they are online, when they last were, and in how many rooms."""
        with plainly():
            if put_out:
                _put_out(chat, as_json=as_json)
                return
            count, found = chat.census.people(like, start, limit)
        if as_json:
            answer({"count": count, "people": [each.as_dict() for each in found]})
            return
        rows = [(each.name, each.id, "online" if each.online else moment(each.seen), each.rooms) for each in found]
        table(("NAME", "ID", "SEEN (UTC)", "ROOMS"), rows)
        if len(found) < count:
            click.echo(f"{start + 1:,} to {start + len(found):,} of {count:,}; --start {start + len(found)} goes on.")

    @app.cli.command("put-out")
    @click.argument("name")
    @yes
    @as_json
    def put_out_(name: str, yes: bool, as_json: bool) -> None:
        """Put NAME out: end their memberships and connections, and keep the name from returning.

        What they wrote stays. They may come back under another name. `flask let-in` takes it back.
        """
        with plainly():
            person = chat.called(name)
            known = f"Put {person.name} out?" if person else f"Nobody is called {name} just now. Keep the name out?"
            sure(known, yes=yes)
            put_out = chat.put_out(name)
        if as_json:
            answer({"name": put_out, "id": person.id if person else None})
        elif person:
            click.echo(f"{put_out} is put out.")
        else:
            click.echo(f"Nobody is called {put_out}. From now on nobody may choose that name.")

    @app.cli.command("let-in")
    @click.argument("name")
    @as_json
    def let_in(name: str, as_json: bool) -> None:
        """Let NAME, which was put out, be chosen again."""
        with plainly():
            lifted = chat.bans.lift(name)
        if lifted is None:
            raise click.ClickException(f"{name} was not put out; `flask people --put-out` lists who was.")
        if as_json:
            answer({"name": lifted})
        else:
            click.echo(f"{lifted} may be chosen again.")


def _put_out(chat: Chat, *, as_json: bool) -> None:
    found = chat.bans.all()
    if as_json:
        answer({"count": len(found), "people": found})
    else:
        table(("NAME", "SINCE (UTC)"), [(each["name"], moment(int(each["since"]))) for each in found])
