"""How gunicorn serves the chat."""

import sys

from chat import logs
from chat.config import Config, ConfigError
from chat.serving import checks, open_files

try:
    settings = Config.from_environ()
except ConfigError as error:
    sys.exit(f"The chat cannot start: {error}")

bind = f"127.0.0.1:{settings.port}"
workers = settings.workers
worker_class = "chat.serving.worker.ChatWorker"
# Each client is an open file, and many systems allow 1,024 unless asked.
_files = open_files.allow(settings.max_connections)
_places = open_files.places(settings.max_connections, _files)
worker_connections = sum(_places)
# Clients that come while all others do wait in the system's queue, which holds as many as it allows.
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
# Else there is a socket to steer gunicorn through.
control_socket_disable = True

logconfig_dict = logs.gunicorn(settings)


def on_starting(server):
    """Called once, before there are workers."""
    checks.before_workers(settings, server.cfg.address, _files)


def post_worker_init(worker):
    """Called in each worker, once it answers."""
    checks.say_where(settings, worker)
