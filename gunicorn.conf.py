"""How gunicorn serves the chat. Nothing here may import more of it than this: the worker patches first."""

import resource
import sys

from chat.config import Config, ConfigError
from chat.store import embedded

try:
    settings = Config.from_environ()
except ConfigError as error:
    sys.exit(f"The chat cannot start: {error}")

# Every connection is an open file; the soft limit is often 1,024.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))

bind = f"127.0.0.1:{settings.port}"
workers = settings.workers
worker_class = "chat.serving.ChatWorker"
# Some beside the chat's own limit, for pages while every place for a connection is taken.
worker_connections = settings.max_connections + 100
graceful_timeout = 10
loglevel = "debug" if settings.log_level == "debug" else "warning"
# A place to steer gunicorn from, which nobody asked for.
control_socket_disable = True


def on_starting(server):
    """Start the private Redis once for all workers, so that it stays while they come and go."""
    if settings.redis_url is None:
        try:
            embedded.hold(settings.instance / "redis")
        except embedded.EmbeddedRedisError as error:
            sys.exit(f"The chat cannot start: {error}")


def post_worker_init(worker):
    """Say where the chat is, once it answers."""
    if worker.age == 1:
        address = str(worker.sockets[0].getsockname()[1])
        print(f"{settings.name} is at http://127.0.0.1:{address}", flush=True)
