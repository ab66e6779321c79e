"""The one catalogue of what can go wrong, for pages and acknowledgements alike.

`docs/protocol.md` is its public reference; a test holds the two together.
"""

# Each code with the HTTP status that a page answers with.
STATUS = {
    "invalid": 400,
    "unknown_event": 400,
    "not_signed_in": 401,
    "already_named": 409,
    "name_invalid": 400,
    "name_reserved": 400,
    "name_taken": 409,
    "put_out": 403,
    "names_full": 409,
    "room_invalid": 400,
    "room_taken": 409,
    "rooms_full": 409,
    "room_not_found": 404,
    "message_empty": 400,
    "message_too_long": 413,
    "too_fast": 429,
    "too_many_connections": 429,
    "unavailable": 503,
    "internal": 500,
}


class ChatError(Exception):
    """Something a person or a client can be told.

    Args:
        code: a key of `STATUS`.
        message: one or two sentences for people: what was found, what is expected.
        field: of the form or payload, what it is about, if it is about one of several.
        retry_after: seconds after which the same request may succeed, for each error that passes by itself.
    """

    def __init__(self, code: str, message: str, *, field: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS[code]
        self.field = field
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, object]:
        """The error as the wire carries it."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.retry_after is not None:
            error["retry_after"] = round(self.retry_after, 2)
        return error


def unavailable() -> ChatError:
    """The store did not answer in time."""
    return ChatError("unavailable", "The chat cannot reach its memory just now. Try again in a moment.", retry_after=1)


def internal() -> ChatError:
    """A fault of the chat's own."""
    return ChatError("internal", "Something went wrong here. It is in the server's log.", retry_after=1)


def room_not_found(name: str) -> ChatError:
    """There is no such room, or none that this person may see."""
    return ChatError("room_not_found", f"There is no room called {name[:32]} here.")


def not_signed_in() -> ChatError:
    """Somebody whom the chat does not know, or no longer."""
    return ChatError("not_signed_in", "Choose a name first.")
