"""Which browsers may open a connection: those that show a page of this chat."""

from collections.abc import Callable
from typing import Any

Environ = dict[str, Any]


def allowed(also: tuple[str, ...]) -> Callable[[str | None, Environ], bool]:
    """The check for python-engineio: the page's own origin, and those of `CHAT_ALLOWED_ORIGINS`.

    It is asked only where there is an `Origin`. A client without one is no browser, so nobody else's cookie rides on
    it: it may connect, and then has to say who it is.
    """

    def check(origin: str | None, environ: Environ) -> bool:
        # ProxyFix has put the address that the browser sees into these, if a proxy is trusted to tell.
        own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
        return origin == own or origin in also

    return check
