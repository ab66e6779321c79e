"""Which browsers may open a connection: those that show a page of this chat."""

import logging
from collections.abc import Callable
from typing import Any

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
            # Asked for what an answer may say to pages elsewhere: nothing.
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
