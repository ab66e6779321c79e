"""Session cookies as the chat signs them, for people who come back."""

from collections.abc import Sequence

from flask import Flask

from bench.processes import SECRET
from chat.domain.people.people import Person
from chat.web.sessions.cookies import SessionInterface


def bake(people: Sequence[Person]) -> list[str]:
    """For each person, the `Cookie` header of a browser that they signed in with."""
    app = Flask(__name__)
    app.secret_key = SECRET
    interface = SessionInterface()
    serializer, (name, _) = interface.get_signing_serializer(app), interface.names(app)
    if serializer is None:
        raise ValueError("cookies cannot be signed without a secret")
    return [f"{name}={serializer.dumps({'_permanent': True, 'person': each.id, 'name': each.name})}" for each in people]
