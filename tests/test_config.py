"""The settings: a bad one stops the start with a sentence."""

import pytest

from chat.config import Config, ConfigError

KEY = "0123456789abcdef"


def test_nothing_set_is_a_chat_for_this_checkout() -> None:
    config = Config.from_environ({})
    assert (config.port, config.default_room, config.redis_url) == (5000, "work", None)


def test_an_empty_variable_counts_as_unset() -> None:
    assert Config.from_environ({"PORT": " "}).port == 5000


def test_every_setting_is_read() -> None:
    config = Config.from_environ(
        {
            "PORT": "8080",
            "WEB_CONCURRENCY": "3",
            "REDIS_URL": "rediss://:pw@redis.example:6380/1",
            "SECRET_KEY": KEY,
            "CHAT_NAME": "Harbour",
            "CHAT_DEFAULT_ROOM": "lobby",
            "CHAT_RATE_LIMIT": "off",
            "CHAT_ALLOWED_ORIGINS": "https://a.example, https://b.example:8443",
            "CHAT_REDIS_VERIFY": "off",
            "CHAT_LOG_LEVEL": "DEBUG",
        }
    )
    assert (config.port, config.workers, config.name, config.default_room) == (8080, 3, "Harbour", "lobby")
    assert config.allowed_origins == ("https://a.example", "https://b.example:8443")
    assert (config.rate_limit, config.redis_verify, config.log_level) == (False, False, "debug")


@pytest.mark.parametrize(
    ("variable", "found", "expected"),
    [
        ("PORT", "http", "PORT is 'http', but must be a whole number from 1 to 65535."),
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "٣", "whole number"),
        ("WEB_CONCURRENCY", "-1", "whole number"),
        ("CHAT_RATE_LIMIT", "maybe", "one of on, off"),
        ("CHAT_MAX_MESSAGE", "99999", "from 1 to 10000"),
        ("CHAT_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("CHAT_ALLOWED_ORIGINS", "chat.example", "origins such as"),
        ("CHAT_NAME", "x" * 41, "1 to 40 printable characters"),
        ("REDIS_URL", "unix:///tmp/redis.sock", "a URL such as redis://"),
        ("REDIS_URL", "redis://host:port", "a URL such as redis://"),
        ("SECRET_KEY", "short", "SECRET_KEY is 5 characters long, but must be at least 16 characters"),
    ],
)
def test_a_bad_value_says_which_what_was_found_and_what_is_expected(variable: str, found: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_environ({variable: found})
    assert variable in str(refused.value)
    assert expected in str(refused.value)


def test_a_refused_url_keeps_its_password_to_itself() -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_environ({"REDIS_URL": "http://user:hunter2@host"})
    assert "hunter2" not in str(refused.value)


def test_a_deployment_without_a_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY is not set, but must be wherever REDIS_URL is"):
        Config.from_environ({"REDIS_URL": "redis://localhost"})


def test_a_heroku_dyno_stands_behind_one_proxy() -> None:
    assert Config.from_environ({"DYNO": "web.1"}).trusted_proxies == 1
    assert Config.from_environ({}).trusted_proxies == 0
