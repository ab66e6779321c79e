"""What the tests of the whole start from."""

import pytest
from playwright.sync_api import Page

from tests.support.browsers import Open
from tests.support.clients import unique


@pytest.fixture
def ada_page(open_page: Open, room: str) -> Page:
    """Ada's page, in a room of the test's own."""
    return open_page(unique("Ada"), path=f"/rooms/{room}")
