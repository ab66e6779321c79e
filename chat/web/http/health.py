"""Whether this process lives, and whether it can serve."""

import logging

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

pages = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@pages.get("/healthz")
def live() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


@pages.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether this worker can serve: 200, or 503 and what fails; and what an operator has to know. A line each."""
    readiness = current_app.extensions["worker"].readiness
    try:
        failing = readiness.failing()
    except Exception:
        log.exception("it cannot be told whether this worker can serve")
        failing = ["It cannot be told: see the log"]
    lines = [f"not ready: {each}" for each in failing] or ["ready"]
    lines += [f"warning: {each}" for each in readiness.warnings]
    text = "".join(f"{line}\n" for line in lines)
    return text, 503 if failing else 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
