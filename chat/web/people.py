"""Coming in and leaving."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from chat.domain.people.people import Person, token_of
from chat.errors import ChatError
from chat.web import sign_in
from chat.web.forms import MessageForm, NameForm
from chat.web.http.csrf import UNREADABLE
from chat.web.rooms import feed
from chat.web.sessions.cookies import current as cookie
from chat.web.sessions.sessions import chat, forget, lost, network, person, remember, require_person

pages = Blueprint("people", __name__)


@pages.get("/")
def new() -> ResponseReturnValue:
    """The username form; for somebody who has a name, the page that they are on the way to."""
    way = request.args.get("next", "")
    if person():
        return redirect(sign_in.destination(way))
    name, reason = lost()
    if not reason and cookie().cookie == "unreadable":
        name, reason = cookie().hint, UNREADABLE
    return sign_in.page(NameForm(data={"name": name, "next": way}), reason, left=session.pop("left", False))


@pages.post("/")
def create() -> ResponseReturnValue:
    """Lease the name."""
    form = NameForm()
    if somebody := person():
        return _arrive(somebody, form)
    if not form.validate():
        return sign_in.page(form), 400
    try:
        # The session is this browser's alone, so that whoever else sees the form cannot repeat it.
        token = token_of(f"{form.claim.data} {session['csrf_token']}") if form.claim.data else ""
        newcomer = chat().people.claim(form.name.data or "", network(), token)
    except ChatError as error:
        form.name.errors = [error.message]
        return sign_in.page(form), error.status
    remember(newcomer)
    chat().visits.enter(newcomer, chat().rooms.default, network=network())
    return _arrive(newcomer, form)


@pages.get("/leave")
def leaving() -> ResponseReturnValue:
    """Ask whether the name is really to be given back, as that cannot be undone."""
    require_person()
    back = sign_in.destination(urlsplit(request.referrer or "").path)
    return render_template("people/leave.html", back=back)


@pages.post("/leave")
def destroy() -> ResponseReturnValue:
    """Give the name back, if that was asked."""
    leaver = person()
    if leaver and "sure" not in request.form:
        return leaving()
    if leaver:
        chat().sign_out(leaver.id)
    forget()
    if leaver:
        flash(f"You left, and {leaver.name} is free for anybody.")
        session["left"] = True
    return sign_in.to_sign_in()


def _arrive(person: Person, form: NameForm) -> ResponseReturnValue:
    """Go where they were going. What they had begun to write is in its field there."""
    if not form.msg.data:
        return redirect(sign_in.destination(form.next.data or ""))
    room = sign_in.room_of(form.next.data or "")
    try:
        chat().visits.enter(person, room, network=network())
    except ChatError:
        # The room is gone; the words are not.
        room = chat().rooms.default
        chat().visits.enter(person, room, network=network())
    return feed(person, room, MessageForm(formdata=None, data={"msg": form.msg.data}))
