"""How many clients fit into the files that a worker may open."""

import resource
from typing import NamedTuple

# Requests that one worker has in hand at most. More wait in the system's queue.
REQUESTS = 400
# Files beside those of clients: 64 connections to Redis and one for each bus, what is listened on, modules.
OWN = 192
LEAST = OWN + 32


class Places(NamedTuple):
    """Clients of one worker at most: on live connections, and with a request in hand."""

    live: int
    requests: int

    @property
    def files(self) -> int:
        """Open files that they take: a request may be for a file, which is open too."""
        return OWN + self.live + 2 * self.requests


def allow(wanted: int) -> int:
    """Let this process, and those that it starts, open as many files as `wanted` live connections take, or as many as
    it may. Returns how many."""
    files = Places(wanted, REQUESTS).files
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < files:
        soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return files if soft == resource.RLIM_INFINITY else soft


def places(wanted: int, files: int) -> Places:
    """The places for clients where so many `files` may be open: never so many that the limit is met."""
    clients = max(0, files - OWN)
    requests = min(REQUESTS, clients // 4)
    return Places(min(wanted, clients - 2 * requests), requests)
