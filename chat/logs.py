"""The log that an operator reads: quiet unless something is worth knowing."""

import logging
import re
import sys

from chat.config import Config

NOISY = ("socketio", "engineio")
REQUEST = re.compile(r"\S+ - - \[")
"""How Werkzeug's server begins its line for each request; the chat has its own."""


def init(config: Config) -> None:
    """Log to standard error from `config.log_level` on.

    Each request and event is one line at debug. The libraries below speak of errors alone: what they warn of, a client
    can cause at will.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    ours = logging.getLogger("chat")
    ours.handlers = [handler]
    ours.propagate = False
    ours.setLevel(config.log_level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("werkzeug").addFilter(_is_no_request)


def _is_no_request(record: logging.LogRecord) -> bool:
    return not REQUEST.match(record.getMessage())
