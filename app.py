"""The process: `gunicorn app:app` in earnest, `flask run` while developing, `python app.py` without either."""

import sys

if __name__ == "__main__":
    # Before any other import. gunicorn's worker patches by itself, and `flask run` serves with threads.
    import warnings

    with warnings.catch_warnings():
        # eventlet announces that it will go.
        warnings.simplefilter("ignore")
        import eventlet

    eventlet.monkey_patch()

import click

from chat import create_app
from chat.config import Config, ConfigError, unknown
from chat.domain.upkeep.health import introduce
from chat.store.private_redis.supervisor import PrivateRedisError
from chat.upstreams import UpstreamError

try:
    app = create_app()
except (ConfigError, PrivateRedisError, UpstreamError) as error:
    print(f"The chat cannot start: {error}", file=sys.stderr, flush=True)
    # gunicorn's own for an application that does not load: on any other it would start worker after worker.
    sys.exit(4)

command = click.get_current_context(silent=True)
# gunicorn's workers have their master do so.
if __name__ == "__main__" or (command and command.info_name == "run"):
    for sentence in unknown():
        print(sentence, file=sys.stderr, flush=True)
    introduce(app.extensions["chat"].store)

if __name__ == "__main__":
    settings = Config.from_environ()
    print(f"{settings.name} is at http://127.0.0.1:{settings.port}{settings.prefix}", flush=True)
    app.extensions["socketio"].run(app, port=settings.port)
