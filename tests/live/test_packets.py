"""Strict packets."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.live.packets import DEEPEST, StrictJSON, StrictPacket


@pytest.mark.parametrize(
    "text", ["[NaN]", "[Infinity]", "[-Infinity]", "[1e999]", '["\\ud800"]', "[" * 33 + "]" * 33, "[" * 90_000, "{", ""]
)
def test_json_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        StrictJSON.loads(text)


def test_json_nests_as_deep_as_is_allowed() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert StrictJSON.dumps(StrictJSON.loads(text)) == text
    assert StrictJSON.loads("[" + "[]," * 100 + "[]]")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_nothing_of_the_kind_is_sent(value: object) -> None:
    try:
        assert StrictJSON.dumps([value]) == "[null]"
    except UnicodeEncodeError:
        assert value == "\ud800"


@pytest.mark.parametrize("name", ["connect", "disconnect", "connect_error"])
def test_reserved_events_become_ones_that_there_are_not(name: str) -> None:
    packet = StrictPacket(encoded_packet=f'2["{name}",{{}}]')
    assert packet.data[0] == f"{name} (reserved)"


@pytest.mark.parametrize(
    "text", ["x", "9", "2", "2{}", "2[]", "2[3]", '51-["a",{"_placeholder":true,"num":0}]', "6", b"2"]
)
def test_malformed_packets_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        StrictPacket(encoded_packet=text).encode()


@given(st.text(max_size=60))
def test_any_text_is_a_packet_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        StrictPacket(encoded_packet=text)
