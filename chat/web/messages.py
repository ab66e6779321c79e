"""Writing without a script: the page's own form."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from chat.errors import ChatError
from chat.web.forms import MessageForm
from chat.web.rooms import feed
from chat.web.sessions import chat, network, require_person

pages = Blueprint("messages", __name__)


@pages.post("/rooms/<room>/messages")
def create(room: str) -> ResponseReturnValue:
    """Post the message, and show it in its place; a refused one stays in the form, with the reason."""
    person, form = require_person(), MessageForm()
    chat().memberships.find(person, room)
    if not form.validate():
        return feed(person, room, form), 400
    try:
        posted = chat().messages.post(person, room, form.msg.data or "", form.id.data or "", network())
    except ChatError as error:
        form.msg.errors = [error.message]
        return feed(person, room, form), error.status
    return redirect(url_for("rooms.show", room=room, _anchor=f"m-{posted.seq}"))
