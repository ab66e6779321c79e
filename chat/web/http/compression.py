"""Pages go out compressed.

How well a page compresses tells whoever sees its length whether what they had it say is also in its secrets (BREACH).
The one secret that stays the same from page to page is the token of the forms, so it is masked: each page has another.
"""

import gzip
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect

# Bytes of a page that are worth it.
LEAST = 1024
LEVEL = 5


class Protect(CSRFProtect):  # type: ignore[misc]
    """Takes the masked tokens of pages, and such as are not: of pages from before there was a mask."""

    def _get_csrf_token(self) -> str | None:
        return _unmasked(super()._get_csrf_token() or "")


def init_app(app: Flask) -> None:
    """Compress HTML, for browsers that accept it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    page = response.get_data()
    if token := g.get("csrf_token"):
        page = page.replace(token.encode(), _masked(token).encode())
    response.vary.add("Accept-Encoding")
    if len(page) >= LEAST and request.accept_encodings["gzip"] > 0:
        # Without the time: a page is the same bytes for the same content.
        page = gzip.compress(page, LEVEL, mtime=0)
        response.content_encoding = "gzip"
    response.set_data(page)
    return response


def _masked(token: str) -> str:
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(mask + _xor(plain, mask)).decode()


def _unmasked(token: str) -> str:
    # Only what itsdangerous has signed has dots in it.
    if "." in token:
        return token
    try:
        both = urlsafe_b64decode(token)
        half = len(both) // 2
        return _xor(both[:half], both[half:]).decode()
    except ValueError:
        return ""


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
