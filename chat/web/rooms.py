"""Rooms: the feed of one, and making another."""

from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from chat.domain.messages import log
from chat.domain.messages.log import Part
from chat.domain.people.people import Person
from chat.domain.rooms.visits import Visit
from chat.errors import ChatError
from chat.web.forms import MessageForm, RoomForm
from chat.web.sessions.sessions import chat, network, require_person

pages = Blueprint("rooms", __name__)
ON_A_PAGE = 50


@dataclass(frozen=True)
class Row:
    """A room in the sidebar."""

    id: str
    title: str
    member: bool
    head: int
    read: int

    @property
    def unread(self) -> int:
        """How many entries a member has not read."""
        return max(0, self.head - self.read) if self.member else 0


@dataclass(frozen=True)
class FeedPage:
    """The entries that a page shows; `before` and `after` are the `seq` that its neighbours are asked for with."""

    entries: list[dict[str, Any]]
    epoch: str
    head: int
    before: int | None
    after: int | None
    read: int


@pages.get("/rooms/<room>")
def show(room: str) -> ResponseReturnValue:
    """The newest page of a room, or the one `before` or `after` a `seq`. A link makes nobody a member."""
    return feed(require_person(), room, MessageForm(formdata=None))


@pages.get("/rooms/<room>/people")
def people(room: str) -> ResponseReturnValue:
    """Who is here, a page of them from the one with the number `start`."""
    visitor = require_person()
    start = _number("start") or 0
    found = chat().visits.look(visitor, room, log.latest(0)).page.room
    here = chat().presence.here(found.id, start)
    return render_template("people/index.html", room=found, rooms=_rows(visitor), here=here, start=start)


@pages.get("/rooms/<room>/read")
def read(room: str) -> ResponseReturnValue:
    """Mark the room as read up to a `seq`: asked for as a picture, by pages without a script."""
    chat().memberships.read(require_person(), room, _number("seq") or 0)
    return "", 204


@pages.get("/rooms")
def new() -> ResponseReturnValue:
    """The form that makes a room."""
    given = {name: request.args.get(name) for name in ("name", "topic")}
    return form_page(require_person(), RoomForm(data=given))


@pages.post("/rooms")
def create() -> ResponseReturnValue:
    """Make a room, and come in."""
    person, form = require_person(), RoomForm()
    if not form.validate():
        return form_page(person, form), 400
    try:
        name, topic = form.name.data or "", form.topic.data or ""
        made = chat().rooms.create(name, topic, person, network(), id=form.id.data or "")
    except ChatError as error:
        form[error.field or "name"].errors = [error.message]
        return form_page(person, form), error.status
    chat().visits.enter(person, made.id, network=network())
    return redirect(url_for("rooms.show", room=made.id))


@pages.post("/rooms/<room>/join")
def join(room: str) -> ResponseReturnValue:
    """Become a member."""
    chat().visits.enter(require_person(), room, network=network())
    return redirect(url_for("rooms.show", room=room))


@pages.post("/rooms/<room>/leave")
def leave(room: str) -> ResponseReturnValue:
    """End the membership."""
    person = require_person()
    chat().memberships.leave(person, room)
    flash(f"You left {room}.")
    return redirect(url_for("rooms.show", room=chat().rooms.default))


def feed(person: Person, name: str, form: MessageForm) -> str:
    """The page of a room, with `form` as its composer."""
    visit = chat().visits.look(person, name, _part(), network())
    return render_template(
        "rooms/show.html",
        room=visit.page.room,
        rooms=_rows(person),
        page=_feed_page(visit),
        member=visit.membership is not None,
        here=chat().presence.here(name),
        form=form,
    )


def _part() -> Part:
    """The part of the log that was asked for."""
    before, after = _number("before"), _number("after")
    if after is not None:
        return log.after(after, ON_A_PAGE)
    return log.before(before, ON_A_PAGE) if before is not None else log.latest(ON_A_PAGE)


def _feed_page(visit: Visit) -> FeedPage:
    found, part = visit.page, _part()
    onward = part.which == "after"
    older = part.seq > 0 if onward else not found.complete
    newer = not found.complete if onward else part.which == "before" and part.seq <= found.head
    entries = [msgspec.json.decode(entry) for entry in found.entries]
    return FeedPage(
        entries=entries,
        epoch=found.epoch,
        head=found.head,
        before=entries[0]["seq"] if entries and older else None,
        after=entries[-1]["seq"] if entries and newer else None,
        read=visit.read,
    )


def _number(name: str) -> int | None:
    given = request.args.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise ChatError("invalid", f"{name} is a whole number, not {given[:40]!r}.")
    return int(given)


def _rows(person: Person) -> list[Row]:
    read = chat().memberships.of(person)
    return [
        Row(room.id, room.title, room.id in read, room.head, min(read.get(room.id, 0), room.head))
        for room in chat().rooms.all()
    ]


def form_page(person: Person, form: RoomForm) -> str:
    """The page with the form that makes a room."""
    return render_template("rooms/new.html", form=form, rooms=_rows(person))
