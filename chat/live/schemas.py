"""What a client may send with each event: types and lengths, in one place."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from chat.domain.messages.log import MOST
from chat.errors import ChatError

Short = Annotated[str, Meta(max_length=200)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Count = Annotated[int, Meta(ge=1, le=MOST)]
Id = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,64}\Z")]
Secret = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{32,64}\Z")]


class SetUsername(Struct):
    user: Short
    token: Short = ""
    id: Secret | None = None


class Position(Struct):
    epoch: Short
    seq: Seq


class Join(Struct):
    room: Short
    after: Position | None = None
    limit: Annotated[int, Meta(ge=0, le=MOST)] = 50
    renew: bool = False


class Leave(Struct):
    room: Short


class SendMessage(Struct):
    msg: str
    id: Id | None = None
    room: Short | None = None


class History(Struct):
    room: Short
    before: Seq | None = None
    after: Seq | None = None
    limit: Count = 50


class Typing(Struct):
    room: Short
    on: bool


class Read(Struct):
    room: Short
    seq: Seq


class People(Struct):
    room: Short
    start: Seq = 0


class Ping(Struct):
    pass


S = TypeVar("S", bound=Struct)


def parse(schema: type[S], args: tuple[Any, ...]) -> S:
    """The payload of an event, checked.

    Raises:
        ChatError: `invalid`, saying which field is wrong, what was found and what is expected.
    """
    if len(args) != 1 or not isinstance(args[0], dict):
        raise ChatError("invalid", "Send one JSON object with the event.")
    try:
        return msgspec.convert(args[0], schema)
    except msgspec.ValidationError as error:
        raise ChatError("invalid", f"{error}.".replace("`", "").replace("$.", "")) from None
