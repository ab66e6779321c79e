"""How much of a form is taken."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat import create_app
from chat.config import Config
from chat.web import LARGEST, MOST_FIELDS
from tests.support.clients import unique
from tests.support.visitors import Visitor

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    """The application, in this process."""
    return create_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody whom the chat does not know."""
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/leave", "/rooms", "/rooms/work/messages", "/healthz"])
@pytest.mark.parametrize(
    "body",
    ["a&" * MOST_FIELDS, "&" * MOST_FIELDS, "a=b&" * 30_000, "a&" * 60_000, "a=" + "b" * LARGEST],
    ids=["fields without a value", "nothing between", "fields", "as many as there is room for", "one that is too long"],
)
def test_a_form_of_more_than_any_needs_is_refused(client: FlaskClient, path: str, body: str) -> None:
    assert client.post(path, data=body, content_type=FORM).status_code == 413
    assert client.post(path, data=body, content_type=f"{FORM}; charset=utf-8").status_code == 413


def test_a_form_of_many_parts_is_refused(client: FlaskClient) -> None:
    data = {f"field{number}": "a" for number in range(MOST_FIELDS + 1)}
    assert client.post("/", data=data, content_type="multipart/form-data").status_code == 413


def test_as_many_fields_as_may_be_are_read(client: FlaskClient) -> None:
    assert client.post("/", data="&".join(["a=b"] * MOST_FIELDS), content_type=FORM).status_code != 413


@pytest.mark.parametrize("character", ["\U0001f642", "\u4e00", "&"])
def test_the_longest_message_fits_however_it_is_written(app: Flask, character: str) -> None:
    visitor = Visitor(app.test_client()).named(unique("Visitor"))
    assert visitor.get("/rooms/work") == 200
    assert visitor.submit("/rooms/work/messages", msg=character * 10_000, id=unique("id").replace(" ", "")) == 200
