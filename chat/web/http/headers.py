"""What every answer tells the browser: scripts, styles and connections from here alone."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask.wrappers import Response

from chat.web.http.hosts import is_loopback_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What every answer has at least.
LEAST = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff"}
# What every page and file has.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# A year over TLS alone. Other names below this one are not the chat's to speak for.
TLS = "max-age=31536000"


def init_app(app: Flask) -> None:
    """Put the security headers on every page and file."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_secure)


def everywhere(app: Flask) -> None:
    """Put the least of them on every answer, also on errors of handshakes and on answers to unknown hosts.

    Behind `chat.web.proxies`, so that the scheme is the one that the browser speaks.
    """
    app.wsgi_app = _Everywhere(app.wsgi_app)  # type: ignore[method-assign]


def policy(nonce: str = "") -> str:
    """The content security policy: what comes from here is allowed, and what bears the nonce."""
    return (
        f"default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def csp_nonce() -> str:
    """The value that lets this page's inline import map through the content security policy."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


class _Everywhere:
    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        least = dict(LEAST)
        # A browser would keep to TLS for every port of this name, and on one's own machine others use it too.
        if environ["wsgi.url_scheme"] == "https" and not is_loopback_name(environ.get("HTTP_HOST", "")):
            least["Strict-Transport-Security"] = TLS

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            there = {name.lower() for name, _ in headers}
            more = [(name, value) for name, value in least.items() if name.lower() not in there]
            return start_response(status, [*headers, *more], *rest)

        return self._app(environ, start)


def _secure(response: Response) -> Response:
    nonce = f" 'nonce-{csp_nonce()}'" if "csp_nonce" in g else ""
    response.headers["Content-Security-Policy"] = policy(nonce)
    response.headers.update(ALWAYS)
    if response.location:
        # Werkzeug's own redirects name the host that was asked for; the chat leads nowhere but to itself.
        response.location = _local(response.location)
    if response.mimetype == "text/html" and request.method == "GET":
        # A page shows what one person may see, as it was then. The answer to a form is kept for the way back to it.
        response.headers["Cache-Control"] = "no-store"
    return response


def _local(location: str) -> str:
    """An address without its host: a path that is not taken for a host."""
    parts = urlsplit(location)
    return parts._replace(scheme="", netloc="", path="/" + parts.path.lstrip("/")).geturl()
