"""`flask rooms`."""

from chat.cli.output import answer, as_json, command, table
from chat.domain import Chat


@command("rooms")
@as_json
def rooms(chat: Chat, as_json: bool) -> None:
    """Which rooms there are: their members, who is here, and the messages kept."""
    found = chat.census.rooms()
    if as_json:
        answer({"count": len(found), "rooms": [each.as_dict() for each in found]})
        return
    heads = ("NAME", "MEMBERS", "HERE", "MESSAGES", "SIZE", "TOPIC")
    table(heads, [(e.name, e.members, e.here, e.messages, _size(e.bytes), e.topic) for e in found])


def _size(bytes: int | None) -> str:
    if bytes is None:
        return "-"
    return f"{bytes / 1024:,.0f} KiB" if bytes < 1024 * 1024 else f"{bytes / 1024 / 1024:,.1f} MiB"
