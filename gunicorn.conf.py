"""How gunicorn serves the chat. Imports little of it: gunicorn's worker patches the standard library first."""

import errno
import os
import socket
import sys
import traceback
from contextlib import suppress

from chat import logs
from chat.config import Config, ConfigError, unknown
from chat.serving import files
from chat.store import private_redis
from chat.store.private_redis.supervisor import PrivateRedisError

try:
    settings = Config.from_environ()
except ConfigError as error:
    sys.exit(f"The chat cannot start: {error}")

bind = f"127.0.0.1:{settings.port}"
workers = settings.workers
worker_class = "chat.serving.worker.ChatWorker"
# Each client is an open file, and many systems allow 1,024 unless asked.
_files = files.allow(settings.max_connections)
_places = files.places(settings.max_connections, _files)
worker_connections = sum(_places)
# Who comes while all others do waits in the system's queue, which holds as many as it allows.
backlog = 8192
# A page and what it loads come over the same few connections, on a slow network too.
keepalive = 5
graceful_timeout = 10
# A browser and the proxies before it send some 40 fields. Cookies are the largest: those of all that this host serves.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# With eventlet's sockets, sendfile ends a file too early where a client reads slowly.
sendfile = False
# Whom to believe about a client's address is for the chat's CHAT_TRUSTED_PROXIES alone.
forwarded_allow_ips = ""
secure_scheme_headers = {}
forwarder_headers = ""
# A socket to steer gunicorn through, which nobody asked for.
control_socket_disable = True

logconfig_dict = logs.gunicorn(settings)


def on_starting(server):
    """Start the private Redis for all workers, so that it stays while they come and go."""
    if not os.environ.keys() & {"GUNICORN_FD", "LISTEN_FDS"}:
        _check_addresses(server.cfg.address)
    _check_files()
    for sentence in unknown():
        print(sentence, file=sys.stderr, flush=True)
    if not settings.trusted_proxies and any(isinstance(address, str) for address in server.cfg.address):
        print(
            "Everybody who comes by a Unix socket counts as one address. Set CHAT_TRUSTED_PROXIES to the number of "
            "proxies in front, which say who it is.",
            file=sys.stderr,
            flush=True,
        )
    try:
        url = settings.redis_url or private_redis.use(settings.instance / "redis")
        _check_store(url)
    except PrivateRedisError as error:
        sys.exit(f"The chat cannot start: {error}")
    except KeyboardInterrupt:
        # gunicorn does not listen to signals yet: Ctrl-C would be a traceback.
        sys.exit(130)
    _warn_of_hosts(server.cfg.address)


def post_worker_init(worker):
    """Say where the chat is, once it answers."""
    if worker.age == 1:
        print(f"{settings.name} is at {worker.sockets[0]}{settings.prefix}", flush=True)


def _check_store(url):
    """Say which Redis this is, and end with one sentence if the chat cannot be what the settings say.

    Else each worker would say so, and end. Whatever else is the matter may be over in a moment.
    """
    # In a process of its own: what is imported here, no worker could patch any more.
    child = os.fork()
    if child == 0:
        status = 0
        try:
            from chat.domain import Chat
            from chat.domain.upkeep.health import introduce
            from chat.store.connection import Store
            from chat.store.errors import Unavailable

            logs.init(settings)
            store = Store(url, verify=settings.redis_verify, replicas=settings.wait_replicas)
            # First, so that a setting that cannot be meant has its sentence alone.
            with suppress(Unavailable):
                Chat(store, settings).shards.check(store)
            introduce(store)
        except ConfigError as error:
            print(f"The chat cannot start: {error}", file=sys.stderr, flush=True)
            status = 1
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(1)


def _warn_of_hosts(addresses):
    """Say that every host name is answered, where it is. Heroku's router leads here by the application's own alone."""
    loopback = all(isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1") for address in addresses)
    if (settings.any_host if loopback else settings.any_host_beyond_loopback) and "DYNO" not in os.environ:
        print(
            "CHAT_HOSTS is not set: the chat answers to any host name. Where it can be reached from a private network "
            "alone, a page elsewhere could read it in a visitor's browser: set CHAT_HOSTS to its own names.",
            file=sys.stderr,
            flush=True,
        )


def _check_files():
    """Say so where fewer files may be open than all places for clients take; end where they are too few for any."""
    if _files < files.LEAST:
        sys.exit(
            f"The chat cannot start: {_files} files may be open (`ulimit -n`), "
            f"but a worker needs {files.LEAST} at least."
        )
    if _places.live < settings.max_connections:
        needed = files.Places(settings.max_connections, files.REQUESTS).files
        print(
            f"Only {_files:,} files may be open (`ulimit -Hn`), so each worker has {_places.live:,} places for live "
            f"connections instead of {settings.max_connections:,} (CHAT_MAX_CONNECTIONS). Those take {needed:,}: raise "
            f"the hard limit with `ulimit -Hn {needed}`, or in a systemd unit with `LimitNOFILE={needed}`.",
            file=sys.stderr,
            flush=True,
        )


def _check_addresses(addresses):
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
