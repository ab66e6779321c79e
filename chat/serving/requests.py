"""Requests in hand: how long a client may take over one, how much of it is read, and which makes room for others."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from eventlet.greenio import GreenSocket
from gunicorn.http.errors import LimitRequestHeaders, ParseException

# Seconds that a client has for a request's body, whatever its pace; for the head it has gunicorn's `keepalive`.
READ_WITHIN = 10.0
# Seconds that a client has to take an answer.
WRITE_WITHIN = 30.0
# Bytes of a request's head at most.
HEAD = 32 * 1024
# Bytes that are taken for one request at most, with what chunks and a body that nobody wants add.
TAKEN = 512 * 1024


class TooMuchError(OSError):
    """A client sent more than is taken for one request."""


class ClientSocket(GreenSocket):  # type: ignore[misc]
    """A client's connection while gunicorn has it.

    What is listened on is one too: eventlet makes what it accepts of the same kind.

    Attributes:
        environ: the request that is answered now.
        since: when that, or the wait for it, began.
        waits: whether it is the client that is waited for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.peer = ""
        self._peer_network = ""
        self.environ: dict[str, Any] = {}
        self.since = time.monotonic()
        self.waits = False
        self._left = HEAD + 8192
        self._read_by = self._write_by = 0.0

    @property
    def network(self) -> str:
        """The network it comes from, as far as that is known: behind a proxy, the request has to be read first."""
        # Imported here: what gunicorn's master has imported, an upgrade by HUP would not replace.
        from chat.domain.limits.addresses import NETWORK, network

        if not self._peer_network:
            self._peer_network = network(self.peer)
        return self.environ.get(NETWORK) or self._peer_network

    def begin(self) -> None:
        """Note that a request's head was read, and is answered now."""
        self.since = time.monotonic()
        self._left = TAKEN
        self._read_by = self.since + READ_WITHIN
        self._write_by = 0.0

    def rest(self) -> None:
        """Note that a request was answered, and the next may come."""
        self.environ = {}
        self.since = time.monotonic()
        self._left = TAKEN
        self._read_by = 0.0

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Read. Raises `TimeoutError` when a body takes too long, and `TooMuchError`."""
        self.settimeout(max(0.01, self._read_by - time.monotonic()) if self._read_by else None)
        self.waits = True
        try:
            came: bytes = super().recv(bufsize, flags)
        finally:
            self.waits = False
        self._left -= len(came)
        if self._left < 0:
            if self._read_by:
                raise TooMuchError(f"more than {TAKEN} bytes for one request")
            raise LimitRequestHeaders(f"more than {HEAD} bytes")
        return came

    def send(self, data: bytes, flags: int = 0) -> int:
        """Write. Raises `ConnectionResetError` when an answer is not taken in time: nobody reads an error either."""
        now = time.monotonic()
        self._write_by = self._write_by or now + WRITE_WITHIN
        self.settimeout(max(0.01, self._write_by - now))
        self.waits = True
        try:
            return int(super().send(data, flags))
        except TimeoutError:
            raise ConnectionResetError(104, "an answer was not read in time") from None
        finally:
            self.waits = False

    def hang_up(self) -> None:
        """End the wait for the client: it is as if it had gone."""
        self.waits = False
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)


class Body:
    """The body of a request, as far as Werkzeug asks for it. A client that does not do its part gets an answer."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._body = request.body

    def read(self, size: int | None = None) -> bytes:
        """Read up to so many bytes. Raises an `HTTPException` of Werkzeug's."""
        from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout
        from werkzeug.wrappers import Response

        try:
            return self._body.read(size)  # type: ignore[no-any-return]
        except TimeoutError:
            refusal: Exception = RequestTimeout("That took too long to arrive.")
        except TooMuchError:
            refusal = RequestEntityTooLarge()
        except (OSError, ParseException):
            # No page: most of them have gone, or make room for others.
            refusal = BadRequest(response=Response("That request cannot be read.\n", 400))
        # What else comes on this connection could be anything.
        self._request.force_close()
        raise refusal


class Requests:
    """The connections that one worker has in hand."""

    def __init__(self) -> None:
        self._open: set[ClientSocket] = set()

    @contextmanager
    def holding(self, connection: ClientSocket) -> Iterator[None]:
        """Count a connection while it is in hand."""
        self._open.add(connection)
        try:
            yield
        finally:
            self._open.discard(connection)

    def make_room(self) -> None:
        """End a connection that only waits for its client: the longest wait of those who hold the most."""
        waiting = [each for each in self._open if each.waits]
        if waiting:
            held = Counter(each.network for each in self._open)
            min(waiting, key=lambda each: (-held[each.network], each.since)).hang_up()
