"""The session cookie: its name, when it is written, and the key that signs it."""

import re
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from chat import create_app
from chat.config import Config, ConfigError
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.web.sessions.cookies import RENEWED_AFTER, SessionInterface
from tests.support.clients import unique


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


@pytest.fixture
def person(chat: Chat) -> Person:
    """Somebody with a name."""
    return chat.people.claim(unique("Ada"), "127.0.0.1")


def signed(app: Flask, person: Person, *, at: float | None = None) -> str:
    """The value of a cookie of this person, signed now or at another time."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    with pytest.MonkeyPatch.context() as patch:
        if at is not None:
            patch.setattr("itsdangerous.timed.time.time", lambda: at)
        value = signer.dumps({"person": person.id, "name": person.name, "_permanent": True})
    return str(value)


def name_of(app: Flask, *, tls: bool = False) -> str:
    """What the cookie is called."""
    return SessionInterface().names(app)[tls]


def browser(app: Flask, **cookies: str) -> FlaskClient:
    """A browser that has these cookies, whatever characters their names have."""
    client = app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value)
    return client


def written(client: FlaskClient, path: str, **options: str) -> list[str]:
    """The cookies that an answer sets."""
    return client.get(path, **options).headers.getlist("Set-Cookie")  # type: ignore[arg-type]


def test_chats_of_two_keys_know_their_own_cookies(app: Flask, config: Config, redis_url: str, person: Person) -> None:
    other = create_app(Config(redis_url=redis_url, secret_key="another key, long enough", rate_limit=False))
    assert name_of(app) != name_of(other)
    both = {name_of(app): signed(app, person), name_of(other): signed(other, Person("f" * 16, "Nobody"))}
    assert browser(app, **both).get("/").status_code == 302
    assert browser(other, **both).get("/").status_code == 200


def test_over_tls_no_neighbour_can_set_the_cookie(app: Flask) -> None:
    (plain,) = written(app.test_client(), "/")
    (secure,) = written(app.test_client(), "/", base_url="https://192.0.2.1")
    assert re.match(r"chat-[0-9a-f]{8}=", plain)
    assert re.match(r"__Host-chat-[0-9a-f]{8}=", secure)
    assert "Secure" in secure and "Path=/" in secure and "Domain" not in secure


def test_under_a_prefix_the_cookie_does_without(app: Flask) -> None:
    # A browser drops a cookie of that prefix whose path is not "/".
    (secure,) = written(app.test_client(), "/", base_url="https://192.0.2.1/chat")
    assert re.match(r"chat-[0-9a-f]{8}=.*Secure", secure)


def test_the_cookie_of_the_first_name_is_read_on_and_replaced(app: Flask, person: Person) -> None:
    client = browser(app, chat=signed(app, person))
    assert client.get("/").status_code == 302
    page = client.get("/rooms/work")
    assert page.status_code == 200
    assert person.name in page.get_data(as_text=True)
    assert client.get_cookie(name_of(app))
    # A worker of before may serve the next page.
    assert client.get_cookie("chat")
    client.set_cookie("chat", signed(app, Person("f" * 16, "Nobody")))
    assert person.name in client.get("/rooms/work").get_data(as_text=True)


def test_whoever_left_is_in_no_cookie(app: Flask, person: Person) -> None:
    client = browser(app, chat=signed(app, person))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/rooms/work").get_data(as_text=True))
    assert token
    client.post("/leave", data={"csrf_token": token[1], "sure": "yes"})
    assert client.get_cookie("chat") is None
    assert "no longer knows you" not in client.get("/").get_data(as_text=True)


def test_a_cookie_of_the_first_name_that_names_nobody_is_not_taken(app: Flask) -> None:
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    planted = "0" * 40
    page = browser(app, chat=signer.dumps({"csrf_token": planted})).get("/")
    own = page.headers.getlist("Set-Cookie")[-1]
    with app.test_request_context(headers={"Cookie": own.partition(";")[0]}):
        assert session["csrf_token"] != planted


@pytest.mark.parametrize("path", ["/static/css/base.css", "/healthz", "/readyz", "/nowhere", "/static/nothing.css"])
@pytest.mark.parametrize("days", [0, 2])
def test_the_cookie_does_not_ride_on_files(app: Flask, person: Person, path: str, days: int) -> None:
    client = browser(app, **{name_of(app): signed(app, person, at=time.time() - days * 86_400)})
    with client.get(path) as answer:
        answer.get_data()
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize(("age", "renewed"), [(60, False), (RENEWED_AFTER - 60, False), (RENEWED_AFTER + 60, True)])
def test_a_cookie_in_use_is_written_anew_once_a_day(app: Flask, person: Person, age: int, renewed: bool) -> None:
    client = browser(app, **{name_of(app): signed(app, person, at=time.time() - age)})
    # The page has a form, whose token is kept in the cookie: that it names a person is enough.
    assert bool(written(client, "/")) is renewed


def test_a_cookie_that_ran_out_is_nobodys(app: Flask, person: Person) -> None:
    client = browser(app, **{name_of(app): signed(app, person, at=time.time() - 31 * 86_400)})
    assert client.get("/").status_code == 200


def test_a_key_is_made_once_and_kept_for_its_owner(tmp_path: Path, redis_url: str) -> None:
    config = Config(redis_url=redis_url, instance=tmp_path / "instance")
    first, second = create_app(config), create_app(config)
    assert first.secret_key == second.secret_key and len(str(first.secret_key)) == 64
    assert [path.name for path in (tmp_path / "instance").iterdir()] == ["secret_key"]
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o777 == 0o600


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_does_not_keep_a_chat_from_its_key(tmp_path: Path, redis_url: str) -> None:
    config = Config(redis_url=redis_url, instance=tmp_path)
    key = create_app(config).secret_key
    with full_disk():
        assert create_app(config).secret_key == key


def test_a_key_that_cannot_be_kept_is_said_in_a_sentence(tmp_path: Path, redis_url: str) -> None:
    config = Config(redis_url=redis_url, instance=tmp_path / "instance")
    with full_disk(), pytest.raises(ConfigError, match="SECRET_KEY") as refused:
        create_app(config)
    assert str(tmp_path / "instance" / "secret_key") in str(refused.value)
    # Nothing half written is taken for a key later.
    assert list((tmp_path / "instance").iterdir()) == []
    create_app(config)


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 64])
def test_a_file_without_a_key_is_said_in_a_sentence(tmp_path: Path, redis_url: str, content: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ConfigError, match="holds no key"):
        create_app(Config(redis_url=redis_url, instance=tmp_path))


def test_an_instance_that_is_no_folder_is_said_in_a_sentence(tmp_path: Path, redis_url: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        create_app(Config(redis_url=redis_url, instance=tmp_path / "file" / "instance"))
