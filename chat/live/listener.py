"""The listener of Flask-SocketIO's message queue, made to come back within seconds.

The stock one waits up to a minute after a failure, does not notice a connection that died without a word, and loses
its own when a publisher of the same process makes another. Leans on private parts of python-socketio: where they are
not there, the stock one listens, and the log says so.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from chat.tasks import forever

PING = 5.0
"""Seconds of silence after which Redis is asked whether it is there."""
SILENT = 10.0
"""Seconds of silence after which it is not."""
RETRY = 0.5

log = logging.getLogger(__name__)


def install(manager: Any, restart: Callable[[], None]) -> None:
    """Have python-socketio's Redis `manager` listen as here. To be called before its first connection.

    `restart` is called if that ends, which it should not.
    """
    if {"_redis_listen_with_retries", "_redis_connect", "_thread"} <= set(dir(manager)):
        manager._redis_listen_with_retries = lambda: _listen(manager)
        listen = manager._thread

        def step() -> None:
            listen()
            raise RuntimeError("it returned")

        manager._thread = lambda: forever("hearing the message queue", step, sleep=time.sleep, end=restart)
    else:
        log.warning("This python-socketio is not the one known here: the message queue may be deaf for a minute.")


def _listen(manager: Any) -> Iterator[dict[str, Any]]:
    away = False
    while True:
        try:
            manager._redis_connect()
            # Kept here: whoever publishes may have the manager connect anew.
            pubsub = manager.pubsub
            pubsub.subscribe(manager.channel)
            if away:
                log.warning("the message queue answers again")
                away = False
            yield from _messages(pubsub)
        except Exception as error:
            if not away:
                log.warning("the message queue does not answer: %s", error)
                away = True
            time.sleep(RETRY)


def _messages(pubsub: Any) -> Iterator[dict[str, Any]]:
    heard = asked = time.monotonic()
    while True:
        message = pubsub.get_message(timeout=1.0)
        now = time.monotonic()
        if message:
            heard = now
            yield message
        elif now - heard > SILENT:
            raise TimeoutError(f"nothing was heard for {SILENT:.0f} s")
        elif now - max(heard, asked) > PING:
            pubsub.ping()
            asked = now
