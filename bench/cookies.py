"""Session cookies as the chat signs them, for people who come back."""

from collections.abc import Sequence

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from bench.processes import SECRET
from chat.domain.people import Person

NAME = "chat"


def bake(people: Sequence[Person]) -> list[str]:
    """For each person, the `Cookie` header of a browser that they signed in with."""
    app = Flask(__name__)
    app.secret_key = SECRET
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if serializer is None:
        raise ValueError("cookies cannot be signed without a secret")
    return [f"{NAME}={serializer.dumps({'_permanent': True, 'person': each.id, 'name': each.name})}" for each in people]
