"""What tests of live connections start from."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.servers import Server
from tests.support.websockets import PlainSocket

Open = Callable[..., PlainSocket]


@pytest.fixture
def plain(server: Server) -> Iterator[Open]:
    """Opens connections made of plain bytes, if asked for on one worker, that are closed after the test."""
    opened: list[PlainSocket] = []

    def make(to: Server = server, *, on: int = 0, **options: Any) -> PlainSocket:
        while True:
            opened.append(PlainSocket(to, **options))
            if not on or to.worker_of(opened[-1].port) == on:
                return opened[-1]

    yield make
    for each in opened:
        each.socket.close()
