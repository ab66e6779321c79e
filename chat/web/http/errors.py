"""What a page says when something is wrong."""

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, RequestEntityTooLarge

from chat.errors import ChatError, internal, unavailable
from chat.store.errors import Unavailable
from chat.web.http import csrf
from chat.web.sign_in import to_sign_in

TITLES = {
    400: "That did not work",
    403: "Not for you",
    404: "Nothing here",
    405: "That did not work",
    409: "That did not work",
    413: "Too large",
    429: "A little fast",
    500: "Our fault",
    503: "One moment",
}


def init_app(app: Flask) -> None:
    """Show every error as a page of the chat."""
    app.register_error_handler(ChatError, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)


def _refused(error: ChatError) -> ResponseReturnValue:
    if error.code == "not_signed_in":
        return to_sign_in() if request.method == "GET" else _again(error.message, error.status)
    return _page(error.status, error.message, error.retry_after)


def _unavailable(_: Unavailable) -> ResponseReturnValue:
    # The store tells the log, once for all. The page is drawn without asking the store who is looking.
    g.person = None
    return _refused(unavailable())


def _stale(_: CSRFError) -> ResponseReturnValue:
    return _again(csrf.why(), 400)


def _again(reason: str, status: int) -> ResponseReturnValue:
    try:
        return csrf.again(reason, status)
    except Unavailable as error:
        return _unavailable(error)
    except ChatError as error:
        return _page(error.status, error.message, error.retry_after)


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, NotFound):
        return _page(404, "There is no such page.")
    if isinstance(error, RequestEntityTooLarge):
        return _page(413, "That was more than this chat takes at once.")
    if isinstance(error, InternalServerError):
        g.person = None
        return _refused(internal())
    if error.code is None or error.response is not None:
        return error
    return _page(error.code, error.description or "")


def _page(status: int, message: str, retry_after: float | None = None) -> ResponseReturnValue:
    headers = {"Retry-After": str(max(1, round(retry_after)))} if retry_after else {}
    title = TITLES.get(status, "That did not work")
    return render_template("errors/show.html", status=status, title=title, message=message), status, headers
