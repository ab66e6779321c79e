"""Who looks at a page: the signed session cookie, and the person it names."""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from werkzeug.wrappers import Response

from chat.config import Config
from chat.domain import Chat
from chat.domain.people import Person
from chat.errors import not_signed_in


class SessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, marked Secure wherever the browser speaks TLS."""

    _serializer: URLSafeTimedSerializer | None = None

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request came over TLS, also where a trusted proxy ended it."""
        return request.is_secure

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookies, made once: thousands of connections may come back at the same time."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer


def init_app(app: Flask, config: Config) -> None:
    """Sign cookies with `SECRET_KEY`, or with a key made for this checkout and kept."""
    app.session_interface = SessionInterface()
    app.config.update(
        SECRET_KEY=config.secret_key or _kept_key(config.instance / "secret_key"),
        SESSION_COOKIE_NAME="chat",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=config.name_lease_days),
    )
    app.context_processor(lambda: {"person": g.get("person")})


def chat() -> Chat:
    """The chat that this application serves."""
    return cast(Chat, current_app.extensions["chat"])


def person() -> Person | None:
    """Whoever the cookie names, while they hold their name: asked of the store, so that leaving ends every cookie."""
    if "person" not in g:
        g.person = chat().people.find(session.get("person", ""))
    return cast(Person | None, g.person)


def require_person() -> Person:
    """Whoever the cookie names.

    Raises:
        ChatError: `not_signed_in`, on which the page sends one to the username form.
    """
    found = person()
    if found is None:
        raise not_signed_in()
    return found


def sign_in(person: Person) -> None:
    """Have this browser be `person` from now on."""
    session.clear()
    session["person"], session["name"] = person.id, person.name
    session.permanent = True
    g.person = person


def sign_out() -> None:
    """Have this browser be nobody."""
    session.clear()
    g.person = None


def forgotten() -> str:
    """The name that this browser had and the chat no longer knows; told once."""
    session.pop("person", None)
    return str(session.pop("name", ""))


def to_door() -> Response:
    """Send the browser to the username form."""
    return redirect(url_for("people.new"))


def _kept_key(path: Path) -> str:
    """The key in the file, made if it is not there; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        # Linking fails if another worker was first, and then its key counts.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
