"""Forged forms are refused: a form comes from one of the chat's own pages, with the token of the browser's session. Any
other is shown again, with all that was typed, and says why."""

from urllib.parse import urlsplit

from flask import Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden
from werkzeug.utils import redirect

from chat.config import Config
from chat.web import rooms, sign_in
from chat.web.forms import MessageForm, NameForm, RoomForm
from chat.web.http.compression import Protect
from chat.web.sessions.cookies import current as cookie
from chat.web.sessions.sessions import lost, person

NO_COOKIE = (
    "Your browser did not send the chat's cookie, by which the chat would know it: it was deleted, or cookies are "
    "blocked here. Allow them for this address, and try again."
)
UNREADABLE = (
    "The chat cannot read the cookie that your browser sent: its key has changed, or the cookie ran out or is another "
    "chat's. Choose your name again."
)
OF_BEFORE = "This page is from before you last came in or left in this browser, so nothing was done yet. Try again."


def init_app(app: Flask, config: Config) -> None:
    """Look at each form before its page does."""
    # A page may stay open for days: its forms hold for as long as the session does. And browsers that send no Referer
    # are asked for Fetch Metadata and the Origin instead.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)

    @app.before_request
    def check() -> None:
        if request.method == "POST" and (origin := _elsewhere(config.allowed_origins)):
            raise Forbidden(f"Forms are taken from pages of {request.host} alone, and this one came from {origin}.")

    Protect(app)


def again(reason: str, status: int) -> ResponseReturnValue:
    """Show a form that was refused again, with what was typed, to whoever this browser is by now."""
    somebody, fields = person(), request.form
    room = str((request.view_args or {}).get("room", ""))
    if somebody and request.endpoint == "messages.create":
        message = MessageForm()
        message.msg.errors = [reason]
        return rooms.feed(somebody, room, message), status
    if somebody and request.endpoint == "rooms.create":
        making = RoomForm()
        making.name.errors = [reason]
        return rooms.form_page(somebody, making), status
    if somebody:
        if request.endpoint != "people.create":
            flash(reason)
        return redirect(url_for("rooms.show", room=room) if room else sign_in.destination(fields.get("next", "")))

    kept = {"name": fields.get("name", ""), "next": fields.get("next", ""), "msg": fields.get("msg", "")}
    if request.endpoint == "rooms.create":
        kept = {"next": url_for("rooms.new", name=fields.get("name"), topic=fields.get("topic"))}
    elif room:
        kept = {"next": url_for("rooms.show", room=room), "msg": fields.get("msg", "")}
    name, told = lost()
    reason = told or reason
    kept["name"] = kept.get("name") or name
    kept["name"] = kept.get("name") or cookie().hint
    return sign_in.page(NameForm(formdata=None, data=kept), reason), status


def why() -> str:
    """Why a form has no valid token: what became of its browser's session."""
    return {"": NO_COOKIE, "unreadable": UNREADABLE}.get(cookie().cookie, OF_BEFORE)


def _elsewhere(allowed: tuple[str, ...]) -> str:
    """Where a form came from, if its browser says that it was no page of this chat."""
    origin = request.headers.get("Origin", "")
    if origin in allowed:
        return ""
    # What the browser itself compared, which no proxy can get wrong (Fetch Metadata).
    if site := request.headers.get("Sec-Fetch-Site"):
        return "" if site in ("same-origin", "none") else (origin or "another site")[:100]
    said = origin if origin not in ("", "null") else request.headers.get("Referer", "")
    try:
        parts = urlsplit(said)
    except ValueError:
        return said[:100]
    ours = not said or (
        parts.netloc.lower() == request.host.lower() and (not request.is_secure or parts.scheme == "https")
    )
    return "" if ours else said[:100]
