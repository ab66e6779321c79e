"""The sign-in page, where somebody without a name is sent, with where they were going and what they had typed."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from flask import render_template, request, url_for
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from chat.web.forms import NameForm
from chat.web.sessions.sessions import chat

# The pages that one may be on the way to.
PLACES = ("rooms.show", "rooms.people", "rooms.new")
# What of their queries goes with it.
DETAILS = ("before", "after", "start", "name", "topic")
LONGEST_WAY = 4000


def to_sign_in() -> Response:
    """Send the browser to the username form, and from there to the page that it asked for."""
    way = request.full_path if request.method == "GET" and request.endpoint in PLACES else None
    return redirect(url_for("people.new", next=way))


def page(form: NameForm, reason: str = "", *, left: bool = False) -> str:
    """The username form, and why one sees it, where that has to be said.

    Args:
        form: the form as it is shown.
        reason: what happened.
        left: whether the browser is to forget what its last person wrote.
    """
    # None comes with a page of before there was one.
    form.claim.data = form.claim.data or secrets.token_urlsafe(24)
    form.next.data = form.next.data and destination(form.next.data)
    room = room_of(form.next.data or "") if form.msg.data else ""
    here = chat().presence.here(chat().rooms.default)
    return render_template("people/new.html", form=form, reason=reason, room=room, here=here, left=left)


def destination(way: str) -> str:
    """Where to go from the sign-in page: the page of this chat that `way` leads to, or the default room's.

    Args:
        way: a path and query, from whoever wrote the link. The address is made anew of what it means here.
    """
    endpoint, values = _place(way)
    return url_for(endpoint, **values)  # type: ignore[arg-type]


def room_of(way: str) -> str:
    """The room that `way` leads to, or the default one."""
    return _place(way)[1].get("room", chat().rooms.default)


def _place(way: str) -> tuple[str, dict[str, str]]:
    adapter = request_ctx.url_adapter
    try:
        parts = urlsplit(way if len(way) <= LONGEST_WAY else "")
        endpoint, values = adapter.match(parts.path.removeprefix(request.root_path), method="GET")  # type: ignore[union-attr]
    except (ValueError, HTTPException):
        endpoint, values, parts = "", {}, urlsplit("")
    if endpoint not in PLACES or parts.netloc:
        return "rooms.show", {"room": chat().rooms.default}
    return endpoint, {name: value for name, value in parse_qsl(parts.query) if name in DETAILS} | dict(values)
