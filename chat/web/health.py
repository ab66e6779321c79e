"""Whether this process lives, and whether it can serve."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat.web.sessions import chat

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def live() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


@pages.get("/readyz")
def ready() -> ResponseReturnValue:
    """The store answers too; 503 otherwise, by the error pages."""
    chat().store.redis.ping()
    return {"ok": True}
