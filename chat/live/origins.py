"""Which browsers may open a connection: those that show a page of this chat."""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSAL = "Pages of this origin may not connect. If it is the chat's own, its log says which setting is wrong."
Environ = dict[str, Any]

log = logging.getLogger(__name__)


def allowed(also: tuple[str, ...]) -> Callable[[str | None, Environ], bool]:
    """The check for python-engineio: the page's own origin, and those of `CHAT_ALLOWED_ORIGINS`.

    It is asked only where there is an `Origin`. A client without one is no browser, so nobody else's cookie rides on
    it: it may connect, and then has to say who it is.
    """

    def check(origin: str | None, environ: Environ) -> bool:
        # ProxyFix has put the address that the browser sees into these, if a proxy is trusted to tell.
        own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
        if origin == own or origin in also:
            return True
        if origin is None:
            # python-engineio asks which pages elsewhere may read its answers: none.
            return False
        log.warning(
            "refusing a connection from a page of %r: this chat seems to be at %r. If both are this chat, set "
            "CHAT_TRUSTED_PROXIES to the number of proxies in front, which have to pass Host or X-Forwarded-Host and "
            "X-Forwarded-Proto on; if it is another site that may connect, name it in CHAT_ALLOWED_ORIGINS.",
            origin[:200],
            own[:200],
        )
        return False

    return check


class _Debug:
    """Where eventlet reports each socket that the client closed first: worth a line at debug."""

    def write(self, text: str) -> int:
        """Log what is written, as a file would take it."""
        if text.strip():
            log.debug("websocket: %s", text.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def guarded(app: "WSGIApplication", allowed: Callable[[str | None, Environ], bool]) -> "WSGIApplication":
    """`app`, with plain WebSockets alone: no per-message compression, which would be done once for each recipient.

    A page that may not connect is told so in a sentence.
    """

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            environ["wsgi.errors"] = _Debug()
            origin = environ.get("HTTP_ORIGIN")
            if origin and not allowed(origin, environ):
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [REFUSAL.encode()]
            if "HTTP_SEC_WEBSOCKET_KEY" not in environ:
                # Else eventlet takes it for one of the drafts of 2010, and fails at it.
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [b"A WebSocket needs a Sec-WebSocket-Key."]
        return app(environ, start_response)

    return serve
