"""Whether this process lives, and whether it can serve."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from chat.errors import unavailable
from chat.web.sessions import chat

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def live() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


@pages.get("/readyz")
def ready() -> ResponseReturnValue:
    """The store answers, and what comes is delivered; 503 otherwise, by the error pages."""
    chat().store.ask(("PING",))
    if current_app.extensions["delivery"].stalled:
        raise unavailable()
    return {"ok": True}
