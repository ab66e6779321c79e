"""The pages: one blueprint a noun."""

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from chat import logs
from chat.config import Config
from chat.domain import Chat, presence
from chat.web import markup, messages, people, rooms
from chat.web.http import compression, csrf, errors, headers, health, static
from chat.web.sessions import sessions

# Bytes of a form at most: 10,000 characters of four bytes, each written as `%F0`, and the other fields.
LARGEST = 128 * 1024
# Fields of a form at most. Werkzeug counts those of a form in parts alone.
MOST_FIELDS = 100

log = logging.getLogger(__name__)


def init_app(app: Flask, chat: Chat, config: Config) -> None:
    """Serve the pages of `chat` from `app`."""
    app.extensions["chat"] = chat
    app.jinja_env.globals.update(
        chat_name=config.name,
        default_room=chat.rooms.default,
        max_message=config.max_message,
        most_people=presence.SHOWN,
    )
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST,
        MAX_FORM_MEMORY_SIZE=LARGEST,
        MAX_FORM_PARTS=MOST_FIELDS,
        TEMPLATES_AUTO_RELOAD=app.debug,
    )
    # Before anything reads a form.
    app.before_request(_count_fields)
    sessions.init_app(app, config)
    csrf.init_app(app, config)
    headers.init_app(app)
    markup.init_app(app)
    errors.init_app(app)
    static.init_app(app)
    compression.init_app(app)
    app.after_request(_logged)
    for noun in (people, rooms, messages, health):
        app.register_blueprint(noun.pages)


def _count_fields() -> None:
    if request.mimetype == "application/x-www-form-urlencoded" and request.get_data().count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge


def _logged(response: Response) -> Response:
    if log.isEnabledFor(logging.DEBUG):
        person = g.get("person")
        about = {"person": person.id if person else "", "ms": logs.request_ms()}
        log.debug("%s %r: %s", request.method, request.path, response.status_code, extra={"about": about})
    return response
