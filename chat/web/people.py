"""Coming in and leaving."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from chat.errors import ChatError
from chat.web.forms import NameForm
from chat.web.sessions import chat, forgotten, network, person, sign_in, sign_out, to_door

pages = Blueprint("people", __name__)


@pages.get("/")
def new() -> ResponseReturnValue:
    """The username form, or the default room for who has a name."""
    if person():
        return redirect(url_for("rooms.show", room=chat().rooms.default))
    name = forgotten()
    if name:
        flash(f"The chat no longer knows you as {name}: the name was given back, or lost. You can ask for it again.")
    return _form(NameForm(data={"name": name}))


@pages.post("/")
def create() -> ResponseReturnValue:
    """Lease the name."""
    form = NameForm()
    if person():
        return redirect(url_for("people.new"))
    if not form.validate():
        return _form(form), 400
    try:
        newcomer = chat().people.claim(form.name.data or "", network())
    except ChatError as error:
        form.name.errors = [error.message]
        return _form(form), error.status
    sign_in(newcomer)
    room = chat().rooms.default
    chat().memberships.join(newcomer, room)
    return redirect(url_for("rooms.show", room=room))


@pages.post("/leave")
def destroy() -> ResponseReturnValue:
    """Give the name back."""
    leaving = person()
    if leaving:
        chat().sign_out(leaving.id)
    sign_out()
    return to_door()


def _form(form: NameForm) -> str:
    return render_template("people/new.html", form=form, here=chat().presence.here(chat().rooms.default))
