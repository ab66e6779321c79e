"""What is looked at before there are workers: what the chat cannot start with, and what an operator has to know.

Imports little of the chat: a worker patches the standard library first, and what gunicorn's master has imported, an
upgrade by HUP would not replace.
"""

import errno
import os
import socket
import sys
import traceback
import warnings
from typing import Any

from chat.config import Config, ConfigError, unknown
from chat.serving import open_files
from chat.store import private_redis
from chat.store.private_redis.supervisor import PrivateRedisError

Address = tuple[Any, ...] | str


def before_workers(settings: Config, addresses: list[Address], limit: int) -> None:
    """Start the private Redis for all workers, so that it stays while they come and go, and end where none can serve.

    Args:
        addresses: where gunicorn listens: hosts with ports, and paths of Unix sockets.
        limit: how many files a process may open.
    """
    if not os.environ.keys() & {"GUNICORN_FD", "LISTEN_FDS"}:
        _check_addresses(addresses)
    _check_files(settings, limit)
    for sentence in unknown():
        _say(sentence)
    if not settings.trusted_proxies and any(isinstance(address, str) for address in addresses):
        _say(
            "Everybody who comes by a Unix socket counts as one address. Set CHAT_TRUSTED_PROXIES to the number of "
            "proxies in front, which say who it is."
        )
    try:
        if not settings.redis_url:
            private_redis.use(settings.instance / "redis")
        _check_application(settings)
    except PrivateRedisError as error:
        sys.exit(f"The chat cannot start: {error}")
    except KeyboardInterrupt:
        # gunicorn does not listen to signals yet: Ctrl-C would be a traceback.
        sys.exit(130)
    _warn_of_hosts(settings, addresses)


def say_where(settings: Config, worker: Any) -> None:
    """Say where the chat is, once its first worker answers."""
    if worker.age == 1:
        print(f"{settings.name} is at {worker.sockets[0]}{settings.prefix}", flush=True)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _check_addresses(addresses: list[Address]) -> None:
    """End with one sentence if a port is taken: gunicorn would try for five seconds, and then say it in ten lines."""
    for address in addresses:
        if isinstance(address, tuple):
            with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        sys.exit(
                            f"The chat cannot start: another program uses port {address[1]}. "
                            "Stop it, or set PORT to another port."
                        )


def _check_files(settings: Config, limit: int) -> None:
    """Say so where fewer files may be open than all places for clients take; end where they are too few for any."""
    if limit < open_files.LEAST:
        sys.exit(
            f"The chat cannot start: {limit} files may be open (`ulimit -n`), "
            f"but a worker needs {open_files.LEAST} at least."
        )
    live = open_files.places(settings.max_connections, limit).live
    if live < settings.max_connections:
        needed = open_files.Places(settings.max_connections, open_files.REQUESTS).files
        _say(
            f"Only {limit:,} files may be open (`ulimit -Hn`), so each worker has {live:,} places for live "
            f"connections instead of {settings.max_connections:,} (CHAT_MAX_CONNECTIONS). Those take {needed:,}: raise "
            f"the hard limit with `ulimit -Hn {needed}`, or in a systemd unit with `LimitNOFILE={needed}`."
        )


def _check_application(settings: Config) -> None:
    """Say which Redis this is, and end with one sentence if the application cannot be made.

    Else each worker would say so, and end. Whatever else is the matter may be over in a moment.
    """
    # In a process of its own: what is imported here, no worker could patch any more.
    child = os.fork()
    if child == 0:
        from chat import upstreams

        status = 0
        try:
            with warnings.catch_warnings():
                # eventlet announces that it will go.
                warnings.simplefilter("ignore")
                from chat.serving.loop import EventletLoop
            from gunicorn.workers.base_async import AsyncWorker

            from chat import create_app
            from chat.domain.upkeep.health import introduce

            upstreams.check("gunicorn.AsyncWorker", AsyncWorker)
            EventletLoop()
            introduce(create_app(settings).extensions["chat"].store)
        except (ConfigError, upstreams.UpstreamError) as error:
            _say(f"The chat cannot start: {error}")
            status = 1
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(1)


def _warn_of_hosts(settings: Config, addresses: list[Address]) -> None:
    """Say that every host name is answered, where it is. Heroku's router leads here by the application's own alone."""
    loopback = all(isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1") for address in addresses)
    if (settings.any_host if loopback else settings.any_host_beyond_loopback) and "DYNO" not in os.environ:
        _say(
            "CHAT_HOSTS is not set: the chat answers to any host name. Where it can be reached from a private network "
            "alone, a page elsewhere could read it in a visitor's browser: set CHAT_HOSTS to its own names."
        )
