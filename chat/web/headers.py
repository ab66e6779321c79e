"""What every answer tells the browser: scripts, styles and connections from here alone."""

import secrets

from flask import Flask, g, request
from flask.wrappers import Response


def init_app(app: Flask) -> None:
    """Put the security headers on every answer."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_secure)


def csp_nonce() -> str:
    """The value that lets this page's inline import map through the content security policy."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _secure(response: Response) -> Response:
    nonce = f" 'nonce-{csp_nonce()}'" if "csp_nonce" in g else ""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if response.mimetype == "text/html" and request.method == "GET":
        # A page shows what one person may see, as it was then. The answer to a form is kept for the way back to it.
        response.headers["Cache-Control"] = "no-store"
    return response
