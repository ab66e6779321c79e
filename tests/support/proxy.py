"""A TCP proxy that treats what passes through it as bad networks do."""

import contextlib
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

from tests.support.servers import free_port

CRUMB = 50
"""Bytes in a piece at most, where a proxy delivers in crumbs."""


class Link:
    """One connection through a proxy. `sent` is what its client sent last."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.sent = b""

    def reset(self) -> None:
        """End it as a crashed machine does: by RST, in both directions."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Passes on between a port of its own and another, until told to do worse.

    Args:
        target: the port that it leads to.
        tls: speaks TLS to clients.

    `swallows` says which links lead nowhere: their bytes vanish, and nobody is told. `crumbs` has everything arrive
    late and in small pieces.
    """

    def __init__(self, target: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.port = free_port()
        self.swallows: Callable[[Link], bool] = lambda _: False
        self.crumbs = False
        self._drop_reply_to: bytes | None = None
        self._tls = tls
        self._going_on = threading.Event()
        self._going_on.set()
        self._links: list[Link] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection there is."""
        while self._links:
            self._links.pop().reset()

    def swallow_now(self) -> None:
        """Have every connection there is lead nowhere; those to come are sound."""
        dead = list(self._links)
        self.swallows = lambda link: link in dead

    def hold(self) -> None:
        """Pass nothing on to clients, as if they did not read."""
        self._going_on.clear()

    def go_on(self) -> None:
        """Pass on what was held."""
        self._going_on.set()

    def drop_reply(self, marker: bytes) -> None:
        """Pass on the next request that has `marker` in it, and hang up when its reply comes."""
        self._drop_reply_to = marker

    @property
    def dropped(self) -> bool:
        """Whether the reply was dropped."""
        return self._drop_reply_to is None

    @property
    def url(self) -> str:
        """Where it is, for clients of the chat."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def redis_url(self) -> str:
        """Where it is, for clients of Redis."""
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}/0"

    def close(self) -> None:
        """End."""
        self._listener.close()
        self.go_on()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            target = self.target
            server = socket.socket()
            # Little room for what is held back, so that whoever sends it notices soon.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            server.connect(("127.0.0.1", target))
        except OSError:
            client.close()
            return
        link = Link(client, server)
        self._links.append(link)
        if target != self.target:
            # It was moved meanwhile, and what was connected before is cut.
            link.reset()
            return
        threading.Thread(target=self._pump, args=[link, client, server], daemon=True).start()
        self._pump(link, server, client)

    def _pump(self, link: Link, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := source.recv(65_536):
                if source is link.client:
                    link.sent = data
                if self.swallows(link):
                    continue
                if source is link.server and self._drop_reply_to and self._drop_reply_to in link.sent:
                    self._drop_reply_to = None
                    break
                if source is link.server:
                    self._going_on.wait()
                self._pass_on(sink, data)
        if not self.swallows(link):
            link.reset()

    def _pass_on(self, sink: socket.socket, data: bytes) -> None:
        if not self.crumbs:
            sink.sendall(data)
            return
        while data:
            size = random.randint(1, CRUMB)
            sink.sendall(data[:size])
            data = data[size:]
            time.sleep(random.random() / 500)
