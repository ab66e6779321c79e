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
    return [interface.header(app, each) for each in people]
