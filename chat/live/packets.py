"""Strict Socket.IO packets: what no client can mean is refused before any handler sees it."""

from typing import Any

import msgspec
from socketio import packet

# Levels of nesting in a packet's JSON at most.
DEEPEST = 32
# Bytes of one packet at most: 10,000 characters, each written as two escapes of six, and some room.
LARGEST = 128 * 1024
TEXT = frozenset({packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK, packet.CONNECT_ERROR})
# Events by which Socket.IO calls the application's own life-cycle handlers, or a client's.
RESERVED = frozenset({"connect", "disconnect", "connect_error"})


class StrictJSON:
    """The JSON of the wire, by msgspec: no NaN, no Infinity, no lone surrogates, a bounded depth.

    It has the two functions of the standard module that python-socketio and python-engineio call.
    """

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """`value` as JSON; a `msgspec.Raw` in it is taken as it is."""
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes) -> Any:
        """The value of `text`, which is a string from clients and bytes from the message queue.

        Raises:
            ValueError: it is not JSON, or too deep.
        """
        text = text.decode() if isinstance(text, bytes) else text
        try:
            value = msgspec.json.decode(text)
        except RecursionError:
            raise ValueError("JSON nested too deep") from None
        if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
            raise ValueError(f"JSON nested deeper than {DEEPEST} levels")
        return value


class StrictPacket(packet.Packet):  # type: ignore[misc]
    """A packet of this chat: text alone, and events under names that a client may use."""

    json = StrictJSON
    # Nothing that is sent here is binary, so nothing has to be searched for it.
    uses_binary_events = False

    def decode(self, encoded_packet: str) -> int:
        """Read a packet.

        Raises:
            ValueError: it is malformed, binary, or an event without a name.
        """
        if not isinstance(encoded_packet, str) or not encoded_packet[:1].isdigit():
            raise ValueError("not a Socket.IO packet")
        attachments = super().decode(encoded_packet)
        if attachments or self.packet_type not in TEXT:
            raise ValueError("a binary or unknown packet, where none is expected")
        if self.packet_type == packet.EVENT:
            if not isinstance(self.data, list) or not self.data or not isinstance(self.data[0], str):
                raise ValueError("an event without a name")
            if self.data[0] in RESERVED:
                # Answered like any event that there is not, instead of running a life-cycle handler.
                self.data[0] = f"{self.data[0]} (reserved)"
        return 0


def _depth(value: Any) -> int:
    """How deep lists and objects nest in `value`, counted level by level: no recursion for a client to exhaust."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return depth
