"""A self-hosted real-time chat."""

import contextlib
from typing import TYPE_CHECKING

from chat.config import Config

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Config | None = None) -> "Flask":
    """Make the application: the pages, the live line and the commands around one chat.

    Args:
        config: the settings; the environment's unless given.

    Raises:
        chat.config.ConfigError: a setting cannot be used.
        chat.store.private_redis.supervisor.PrivateRedisError: there is no `REDIS_URL`, and no Redis to start.
        chat.upstreams.UpstreamError: another version of a library is installed.
    """
    # Imported here, so that reading the settings alone stays light.
    from flask import Flask

    from chat import cli, live, logs, web
    from chat.domain import Chat
    from chat.store.connection import connect
    from chat.store.errors import Unavailable
    from chat.web.http import headers, hosts, proxies, static

    config = config or Config.from_environ()
    lines = logs.init(config)
    app = Flask(__name__, root_path=str(config.checkout), instance_path=str(config.instance))
    chat = Chat(connect(config), config)
    # While the store is away, whoever connects finds out.
    with contextlib.suppress(Unavailable):
        chat.shards.check(chat.store)

    web.init_app(app, chat, config)
    live.init_app(app, chat, config, lines)
    static.serve(app)
    hosts.init_app(app, config)
    headers.everywhere(app)
    proxies.init_app(app, config)
    cli.init_app(app)
    return app
