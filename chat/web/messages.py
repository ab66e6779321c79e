"""Writing without a script: the page's own form."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from chat.domain.messages.log import Posted
from chat.domain.people.people import Person
from chat.errors import ChatError
from chat.web.forms import MessageForm
from chat.web.rooms import feed
from chat.web.sessions.sessions import chat, network, require_person

pages = Blueprint("messages", __name__)


@pages.post("/rooms/<room>/messages")
def create(room: str) -> ResponseReturnValue:
    """Post the message, and show it in its place; a refused one stays in the form, with the reason.

    The first message of somebody who is no member brings them in.
    """
    person, form = require_person(), MessageForm()
    if not form.validate():
        return feed(person, room, form), 400
    try:
        posted = _post(person, room, form)
    except ChatError as error:
        form.msg.errors = [error.message]
        return feed(person, room, form), error.status
    chat().memberships.read(person, room, posted.seq)
    return redirect(url_for("rooms.show", room=room, _anchor=f"m-{posted.seq}"))


def _post(person: Person, room: str, form: MessageForm) -> Posted:
    text, id = form.msg.data or "", form.id.data or ""
    try:
        return chat().messages.post(person, room, text, id, network())
    except ChatError as error:
        if error.code != "room_not_found":
            raise
    chat().visits.enter(person, room, network=network())
    return chat().messages.post(person, room, text, id, network())
