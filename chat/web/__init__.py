"""The pages: one blueprint a noun."""

import logging
from pathlib import Path

from flask import Flask, Response, g, request

from chat import logs
from chat.config import Config
from chat.domain import Chat
from chat.web import errors, headers, health, markup, messages, people, rooms, sessions, taken

log = logging.getLogger(__name__)


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    """Serve the pages of `chat` from `app`."""
    app.extensions["chat"] = chat
    scripts = Path(app.static_folder or "") / "js"
    app.jinja_env.globals.update(
        chat_name=config.name,
        default_room=chat.rooms.default,
        max_message=config.max_message,
        # Named in the page, so that a browser fetches all at once instead of finding one in the other.
        script_modules=["vendor/socket.io.esm.min.js", *sorted(f"js/{path.name}" for path in scripts.glob("*.js"))],
    )
    app.config.update(MAX_CONTENT_LENGTH=256 * 1024, TEMPLATES_AUTO_RELOAD=app.debug)
    sessions.init_app(app, config)
    taken.init_app(app, config)
    headers.init_app(app)
    markup.init_app(app)
    errors.init_app(app)
    app.after_request(_logged)
    for noun in (people, rooms, messages, health):
        app.register_blueprint(noun.pages)


def _logged(response: Response) -> Response:
    if log.isEnabledFor(logging.DEBUG):
        person = g.get("person")
        about = {"person": person.id if person else "", "ms": logs.request_ms()}
        log.debug("%s %r: %s", request.method, request.path, response.status_code, extra={"about": about})
    return response
