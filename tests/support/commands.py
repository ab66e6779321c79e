"""Commands of the chat's, run in this process: a refusal needs no process of its own."""

from click.testing import Result

from chat import create_app
from chat.config import Config
from tests.support.servers import SECRET

AWAY = Config(redis_url="redis://127.0.0.1:1/0", secret_key=SECRET)
"""Settings that lead to no Redis."""


def refused(config: Config, *arguments: str) -> Result:
    """Run a command that has to end by refusing, and not by an exception of something it stumbled over."""
    result = create_app(config).test_cli_runner().invoke(args=arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code
    return result
