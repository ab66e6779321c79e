"""Pages go out compressed, and their length tells nothing of the token of their forms."""

import gzip
import re

import pytest
from flask import Flask
from flask import session as current
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from chat import create_app
from chat.config import Config
from tests.support.clients import unique


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


def token(client: FlaskClient) -> str:
    """The token in the page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").get_data(as_text=True))
    assert found
    return found[1]


def test_a_page_is_compressed_for_those_who_take_it(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    packed = client.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding, Cookie"
    assert int(packed.headers["Content-Length"]) == len(packed.get_data()) < len(plain.get_data()) * 0.7
    assert b"Pick a name" in gzip.decompress(packed.get_data())
    refused = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_each_page_has_another_token_and_all_are_taken(app: Flask) -> None:
    client = app.test_client()
    first, second = token(client), token(client)
    # The first half is the mask.
    assert first[:40] != second[:40] and first[-40:] != second[-40:]
    with client.session_transaction() as session:
        assert session["csrf_token"] not in first
    for each in (first, second):
        answer = client.post("/", data={"csrf_token": each, "name": ""})
        assert "Type a name first" in answer.get_data(as_text=True)


def test_a_token_without_a_mask_is_taken_and_a_wrong_one_is_not(app: Flask) -> None:
    client = app.test_client()
    token(client)
    with app.test_request_context(), client.session_transaction() as session:
        current["csrf_token"] = session["csrf_token"]
        plain = generate_csrf()
    name = unique("Plain")
    for wrong in ("A", "AAAA", "é", plain[:-3], token(client)[:-5]):
        assert client.post("/", data={"csrf_token": wrong, "name": name}).status_code == 400
    assert client.post("/", data={"csrf_token": plain, "name": name}).status_code == 302
