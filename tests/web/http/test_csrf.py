"""Which forms are taken, and which are not, whatever their token."""

from collections.abc import Callable

import pytest
from flask import Flask

from chat import create_app
from chat.config import Config
from chat.domain import Chat
from tests.support.clients import unique
from tests.support.visitors import Visitor

FORMS = ["/", "/leave", "/rooms", "/rooms/work/messages", "/rooms/work/leave", "/rooms/work/join"]
HERE = "http://localhost"
Post = Callable[..., int]


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(
        Config(
            redis_url=config.redis_url,
            secret_key=config.secret_key,
            rate_limit=False,
            allowed_origins=("https://page.example",),
        )
    )


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody with a name, in the default room."""
    return Visitor(app.test_client()).named(unique("Visitor"))


def post(visitor: Visitor, path: str, token: str | None = None, base_url: str = HERE, **headers: str) -> int:
    """Send a form with the right token, or another; return the status."""
    data = {"msg": "forged", "id": unique("id").replace(" ", "-"), "name": "forged"}
    data["csrf_token"] = visitor.hidden(path)["csrf_token"] if token is None else token
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return visitor.client.post(path, data=data, headers=named, base_url=base_url).status_code


ELSEWHERE = [
    {"Origin": "http://localhost:5001"},
    {"Origin": "http://evil.test"},
    {"Origin": "https://localhost.evil.test"},
    {"Origin": "http://evil.test", "Referer": "http://localhost/"},
    {"Referer": "http://evil.test/localhost/"},
    {"Origin": "null", "Referer": "http://evil.test/"},
    {"Origin": "http://[", "Referer": "http://localhost/"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:5001"},
    {"Sec_Fetch_Site": "cross-site", "Origin": HERE},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_of_another_page_is_refused_though_its_token_is_right(visitor: Visitor, headers: dict[str, str]) -> None:
    for path in FORMS:
        assert post(visitor, path, **headers) == 403, path
        assert visitor.get("/rooms/work") == 200 and visitor.path == "/rooms/work"
        assert "forged" not in visitor.html


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_own_token_is_refused(app: Flask, visitor: Visitor, path: str, chat: Chat) -> None:
    other = Visitor(app.test_client()).named(unique("Other"))
    right = visitor.hidden(path)["csrf_token"]
    for token in ("", "x", right[:-1], other.hidden(path)["csrf_token"]):
        # What was typed is shown again; nobody goes, nothing is said and nothing is made.
        assert post(visitor, path, token) in (302, 400)
    assert visitor.get("/rooms/work") == 200 and visitor.path == "/rooms/work"
    assert "forged" not in visitor.html


OURS = [
    {},
    {"Origin": HERE},
    {"Origin": "null"},
    {"Origin": "https://page.example"},
    {"Origin": "https://page.example", "Sec_Fetch_Site": "cross-site"},
    {"Referer": f"{HERE}/rooms/work"},
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "same-origin", "Origin": "null"},
    {"Sec_Fetch_Site": "none"},
    # A proxy that says nothing of the host it was asked for, and one that ends TLS.
    {"Sec_Fetch_Site": "same-origin", "Origin": "https://chat.example.org"},
    {"Origin": "https://localhost"},
]


@pytest.mark.parametrize("headers", OURS)
def test_a_form_of_the_chats_own_is_taken_with_or_without_a_referer(visitor: Visitor, headers: dict[str, str]) -> None:
    assert post(visitor, "/rooms/work/messages", **headers) == 302


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://192.0.2.1"}, {"Sec_Fetch_Site": "same-origin"}])
def test_over_tls_no_referer_is_needed(app: Flask, headers: dict[str, str]) -> None:
    visitor, secure = Visitor(app.test_client()), "https://192.0.2.1"
    visitor.html = visitor.client.get("/", base_url=secure).get_data(as_text=True)
    data = visitor.hidden("/") | {"name": unique("Secure")}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    assert visitor.client.post("/", data=data, headers=named, base_url=secure).location == "/rooms/work"


def test_over_tls_a_page_without_it_is_another(app: Flask) -> None:
    visitor, secure = Visitor(app.test_client()), "https://192.0.2.1"
    visitor.html = visitor.client.get("/", base_url=secure).get_data(as_text=True)
    assert post(visitor, "/", base_url=secure, Origin="http://192.0.2.1") == 403


def test_the_reason_is_said(visitor: Visitor) -> None:
    assert visitor.submit("/rooms", headers={"Origin": "http://evil.test<b>"}, name="x") == 403
    assert "pages of localhost alone, and this one came from http://evil.test&lt;b&gt;." in visitor.html
