"""The signed session cookie: what it is called, how it is read, and when it is written anew."""

import hashlib
import json
import re
import time
import zlib
from base64 import urlsafe_b64decode
from typing import cast

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

from chat.domain.people.people import Person

# Seconds after which a cookie in use is written anew, so that it does not run out.
RENEWED_AFTER = 86_400
# The name that the cookie had at first, which chats on one host had in common.
FIRST = "chat"
# What the cookies of chats are called.
OURS = re.compile(r"(?:__Host-)?chat(?:-[0-9a-f]{8})?", re.ASCII)


class Session(SecureCookieSession):
    """What the cookie holds. `cookie` is whether the browser sent it: "" for no, "read" or "unreadable"; `hint` is
    the name in one that cannot be read, which nobody has vouched for; `due` says that it is to be written anew."""

    cookie = ""
    hint = ""
    due = False


def current() -> Session:
    """The session of this request, as what it is."""
    return cast(Session, session)


class SessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, by a name of this chat's own: cookies know no ports, and two chats may share a host."""

    session_class = Session
    _serializer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session in the chat's own cookie, or else in the one by which it knew a person before."""
        own, cookies = self._name(app, request), request.cookies
        session = self._read(app, cookies[own]) if own in cookies else None
        if session is None and FIRST in cookies and (first := self._read(app, cookies[FIRST])) and "person" in first:
            session = first
            session.due = True
        if session is not None:
            return session
        session = Session()
        unread = [value for name, value in cookies.items() if OURS.fullmatch(name)]
        if unread:
            session.cookie, session.hint = "unreadable", next(filter(None, map(_name_in, unread)), "")
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed. After leaving, the cookie of the first name does not name the person either."""
        gone = session.modified and "person" not in session
        if gone and FIRST in request.cookies and self._read(app, request.cookies[FIRST]) is not None:
            response.delete_cookie(FIRST, secure=request.is_secure, httponly=True, samesite="Lax")
        super().save_session(app, session, response)

    def names(self, app: Flask) -> tuple[str, str]:
        """What the cookie is called: in the open, and where a browser holds others off it (RFC 6265bis, 4.1.3.2)."""
        key = hashlib.sha256(f"cookie {app.secret_key!s}".encode()).hexdigest()
        return f"chat-{key[:8]}", f"__Host-chat-{key[:8]}"

    def get_cookie_name(self, app: Flask) -> str:
        """What the cookie is called on this request's way."""
        return self._name(app, request)

    def get_cookie_path(self, app: Flask) -> str:
        """Where the cookie goes: to this chat alone, where it shares a host with something else."""
        return request.root_path or "/"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request came over TLS, also where a trusted proxy ended it."""
        return request.is_secure

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookies, made once: thousands of connections may come back at the same time."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def header(self, app: Flask, person: Person) -> str:
        """The `Cookie` header of a browser in which this person signed in, whichever way it comes.

        Raises:
            ValueError: the application has no key to sign it with.
        """
        signer = self.get_signing_serializer(app)
        if signer is None:
            raise ValueError("A cookie cannot be signed without SECRET_KEY.")
        value = signer.dumps({"_permanent": True, "person": person.id, "name": person.name})
        return "; ".join(f"{name}={value}" for name in self.names(app))

    def _name(self, app: Flask, request: Request) -> str:
        # The prefix takes TLS, and the path "/".
        return self.names(app)[request.is_secure and not request.root_path]

    def _read(self, app: Flask, value: str) -> Session | None:
        """The session that a cookie holds, if it was signed here and has not run out."""
        serializer = self.get_signing_serializer(app)
        try:
            data, signed = serializer.loads(  # type: ignore[union-attr]
                value, max_age=int(app.permanent_session_lifetime.total_seconds()), return_timestamp=True
            )
        except BadSignature:
            return None
        session = Session(data)
        session.cookie = "read"
        session.due = time.time() - signed.timestamp() > RENEWED_AFTER
        return session


def _name_in(value: str) -> str:
    """The name in a cookie that was signed with another key, as far as it can be made out."""
    packed = value.startswith(".")
    try:
        data = urlsafe_b64decode(value.removeprefix(".").partition(".")[0] + "===")
        name = json.loads(zlib.decompressobj().decompress(data, 4096) if packed else data)["name"]
    except (ValueError, zlib.error, LookupError, TypeError, RecursionError):
        return ""
    return name[:200] if isinstance(name, str) else ""
