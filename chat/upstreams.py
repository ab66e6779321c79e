"""The private parts of the libraries below that the chat leans on.

Their versions are pinned, so each part is there. Where one is missing, another version is installed, and the start ends
with one sentence.
"""

from collections.abc import Container

PARTS = {
    "engineio.Server": "_handle_connect _trigger_event _unauthorized _upgrades create_queue handlers sockets",
    "engineio.Server.handlers": "connect disconnect message",
    "socketio.Server": "environ manager_initialized",
    "socketio.RedisManager": (
        "_listen _publish _redis_connect _thread basic_enter_room connected eio_sid_from_sid get_participants "
        "sid_from_eio_sid"
    ),
    "eventlet.hubs.Hub": "READ WRITE add greenlet remove schedule_call_global",
    "eventlet.greenio.GreenSocket": "fd",
    "eventlet.wsgi": "WSGI_LOCAL",
    "gunicorn.AsyncWorker": "handle handle_exit handle_quit handle_request init_process load_wsgi notify",
}


class UpstreamError(Exception):
    """Another version of a library is installed than the one that the chat knows."""


def check(name: str, owner: object) -> None:
    """Look for the private parts of `owner`, which `PARTS` calls `name`.

    Raises:
        UpstreamError: one is missing.
    """
    for part in PARTS[name].split():
        if not (part in owner if isinstance(owner, Container) else hasattr(owner, part)):
            raise UpstreamError(f"{name} has no {part} any more. Install the versions that requirements.txt names.")
