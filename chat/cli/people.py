"""`flask people`."""

import click

from chat.cli.output import answer, as_json, command, moment, table
from chat.domain import Chat


@command("people")
@click.option("--like", default="", help="Only those with this in their name.")
@click.option("--start", default=0, type=click.IntRange(0), help="From the one with this number on.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="So many at most.")
@click.option("--put-out", "put_out", is_flag=True, help="The names that were put out, instead.")
@as_json
def people(chat: Chat, like: str, start: int, limit: int, put_out: bool, as_json: bool) -> None:
    """Who has a name here: whether they are online, when they last were, and in how many rooms."""
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


def _put_out(chat: Chat, *, as_json: bool) -> None:
    found = chat.bans.all()
    if as_json:
        answer({"count": len(found), "people": found})
    else:
        table(("NAME", "SINCE (UTC)"), [(each["name"], moment(int(each["since"]))) for each in found])
