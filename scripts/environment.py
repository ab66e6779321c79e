"""The environment of a chat that a test or a benchmark starts."""

import os
import re

OURS = re.compile(r"^(CHAT_|FLASK_|GUNICORN_|REDIS_URL$|SECRET_KEY$|PORT$|WEB_CONCURRENCY$|DYNO$|SCRIPT_NAME$)")


def environ(**settings: str) -> dict[str, str]:
    """This process's environment without its settings for the chat, and with these instead."""
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | settings
