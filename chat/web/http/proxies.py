"""Proxies in front: what they say of a client, and what is believed of it."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from chat import logs
from chat.config import Config
from chat.domain.limits.addresses import NETWORK, is_loopback, network
from chat.parsing import PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Headers by which a proxy says whom it speaks for.
FORWARDING = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED")

log = logging.getLogger(__name__)


def init_app(app: Flask, config: Config) -> None:
    """Believe as many proxies as the settings say about the client's address, scheme and host.

    Outermost, so that socket handlers see the same as pages do.
    """
    hops = config.trusted_proxies
    app.wsgi_app = _Clients(app.wsgi_app, trusting=hops > 0)  # type: ignore[method-assign]
    app.wsgi_app = _Prefix(app.wsgi_app, config.prefix)  # type: ignore[method-assign]
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )


class _Prefix:
    """Serves the chat below a path, whether what stands in front takes that off a request's path or leaves it there.

    A trusted proxy's `X-Forwarded-Prefix` wins over the setting. Whatever lacks the path is served too: a health check
    knows nothing of it.
    """

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        told = str(environ.get("SCRIPT_NAME") or "").rstrip("/")
        prefix = told if told and PREFIX.fullmatch(told) else self._prefix
        path = str(environ.get("PATH_INFO") or "")
        environ["SCRIPT_NAME"] = prefix
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
        return self._app(environ, start_response)


class _Clients:
    """Notes in each request's environment which network its client counts as.

    A client on this machine that no proxy speaks for is whoever runs the chat, and counts as none.
    """

    def __init__(self, app: "WSGIApplication", *, trusting: bool) -> None:
        self._app = app
        self._trusting = trusting
        self._told = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        address = str(environ.get("REMOTE_ADDR") or "")
        forwarded = any(header in environ for header in FORWARDING)
        own = not self._trusting and not forwarded and is_loopback(address)
        environ[NETWORK] = "" if own else network(address)
        logs.begin_request(address, environ.get("HTTP_X_REQUEST_ID", "") if self._trusting else "")
        if forwarded and not self._trusting and not self._told:
            self._told = True
            log.warning(
                "a request came through a proxy, but CHAT_TRUSTED_PROXIES is 0: everybody behind that proxy counts as "
                "one address. Set it to the number of proxies in front."
            )
        return self._app(environ, start_response)
