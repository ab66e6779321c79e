"""Who looks at a page: the person whom the session cookie names."""

import os
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

from flask import Flask, current_app, g, request, session

from chat.config import Config, ConfigError
from chat.domain import Chat
from chat.domain.limits.addresses import NETWORK
from chat.domain.people.people import Person
from chat.errors import not_signed_in
from chat.web.sessions.cookies import Session, SessionInterface


def init_app(app: Flask, config: Config) -> None:
    """Sign cookies with `SECRET_KEY`, or with a key made for this checkout and kept."""
    app.session_interface = SessionInterface()
    app.config.update(
        SECRET_KEY=config.secret_key or _kept_key(config.instance / "secret_key"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Not with every file: a cache in front would keep it with them.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=config.name_lease_days),
    )
    app.context_processor(lambda: {"person": g.get("person")})


def chat() -> Chat:
    """The chat that this application serves."""
    return cast(Chat, current_app.extensions["chat"])


def network() -> str:
    """The network that the request comes from; empty for one's own machine."""
    return str(request.environ[NETWORK])


def person() -> Person | None:
    """The person whom the cookie names. The store is asked, so that giving a name back ends every cookie."""
    if "person" not in g:
        g.person = chat().people.find(session.get("person", ""))
        if g.person and cast(Session, session).due:
            session.modified = True
    return cast(Person | None, g.person)


def require_person() -> Person:
    """The person whom the cookie names.

    Raises:
        ChatError: `not_signed_in`, on which the page sends one to the username form.
    """
    found = person()
    if found is None:
        raise not_signed_in()
    return found


def remember(person: Person) -> None:
    """From now on this browser is `person`."""
    session.clear()
    # The token of the session before, if this request has made a form already.
    g.pop("csrf_token", None)
    session["person"], session["name"] = person.id, person.name
    session.permanent = True
    g.person = person


def forget() -> None:
    """From now on this browser is nobody."""
    session.clear()
    g.person = None


def lost() -> tuple[str, str]:
    """The name that this browser had and can ask for again, as the chat knows it no more, and what its person is told.

    Both are empty where there is nothing to tell. It is told once.
    """
    session.pop("person", None)
    name = str(session.pop("name", ""))
    if not name:
        return "", ""
    if out := chat().bans.refusal(name):
        return "", out.message
    return name, f"The chat no longer knows you as {name}: the name was given back, or lost. You can ask for it again."


def _kept_key(path: Path) -> str:
    """The key in the file, made if it is not there; only its owner may read it.

    Raises:
        ConfigError: it can be neither read nor written.
    """
    try:
        if not path.exists():
            _keep(secrets.token_hex(32), path)
        key = path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"The key that signs the session cookies cannot be kept in {path} ({error.strerror}): make it writable and "
            "give it room, or set SECRET_KEY."
        ) from None
    except UnicodeDecodeError:
        key = ""
    if len(key) < 16:
        raise ConfigError(f"{path} holds no key. Remove it, and the next start makes another, or set SECRET_KEY.")
    return key


def _keep(key: str, path: Path) -> None:
    """Write the key, unless another worker was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
