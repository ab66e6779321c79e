"""Whatever is written, repeated, trimmed and read: the log is what was written, once, in one order."""

import json
import uuid
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.domain import Chat
from chat.domain.messages.log import Position, after, before, latest, resume
from tests.support.clients import unique

WRITERS = 3
ops = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(0, WRITERS - 1), st.integers(0, 30)),
        st.tuples(st.just("after"), st.integers(0, 60), st.integers(1, 20)),
        st.tuples(st.just("before"), st.integers(0, 60), st.integers(1, 20)),
        st.tuples(st.just("latest"), st.just(0), st.integers(1, 20)),
        st.tuples(st.just("resume"), st.integers(0, 60), st.integers(1, 20)),
        st.tuples(st.just("trim"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("fork"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    # Each example makes a room of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ops)
def test_the_log_is_what_was_written_once_and_in_order(chat: Chat, ops: list[tuple[str, int, int]]) -> None:
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")
    room = chat.rooms.create(unique("log"), "", founder).id
    writers = [chat.people.claim(unique("Writer"), "127.0.0.1") for _ in range(WRITERS)]
    for writer in writers:
        chat.visits.enter(writer, room)
    written: list[tuple[str, str]] = []
    kept = 0

    def model(first: int, last: int) -> list[int]:
        return list(range(max(first, kept + 1), min(last, len(written)) + 1))

    for op, one, other in ops:
        found = chat.rooms.find(room)
        if op == "post":
            posted = chat.messages.post(writers[one], room, f"{one} {other}", str(other))
            if (key := (writers[one].id, str(other))) not in written:
                written.append(key)
            assert (posted.epoch, posted.seq) == (found.epoch, written.index(key) + 1)
            continue
        if op == "trim":
            kept = min(max(kept, one), len(written))
            chat.store.redis.xtrim(chat.shards.key(room, "log"), minid=f"{kept + 1}-0", approximate=False)
            continue
        if op == "fork":
            chat.log.fork(room, found.epoch)
            forked = chat.log.position(room)
            assert forked.epoch != found.epoch
            # Another worker that saw the same.
            chat.log.fork(room, found.epoch)
            assert chat.log.position(room) == forked
            continue
        if op == "after":
            page = chat.log.read(room, after(one, other))
            expected = model(one + 1, len(written))[:other]
            assert page.complete == (len(model(one + 1, len(written))) <= other)
        elif op == "before":
            page = chat.log.read(room, before(one, other))
            expected = model(1, one - 1)[-other:]
            assert page.complete == (len(model(1, one - 1)) <= other)
        elif op == "latest":
            page = chat.log.read(room, latest(other))
            expected = model(1, len(written))[-other:]
        else:
            page = chat.log.read(room, resume(Position(found.epoch, one), other))
            assert page.reset == (one > len(written) or one < kept)
            expected = model(1, len(written))[-other:] if page.reset else model(one + 1, len(written))[:other]
        assert page.head == len(written)
        entries: list[dict[str, Any]] = [json.loads(entry) for entry in page.entries]
        assert [entry["seq"] for entry in entries] == expected
        assert {entry["epoch"] for entry in entries} <= {found.epoch}
        for entry in entries:
            assert (entry["user"]["id"], entry["id"]) == written[entry["seq"] - 1]


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_a_reader_of_the_bus_gets_every_entry_once_whatever_the_batches(chat: Chat, bursts: list[int]) -> None:
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")
    room = chat.rooms.create(unique("bus"), "", founder).id
    chat.visits.enter(founder, room)
    reader = chat.bus.reader()
    count = 0
    got: list[int] = []
    for burst in bursts:
        for _ in range(burst):
            count += 1
            chat.messages.post(founder, room, "x", uuid.uuid4().hex)
        batch = reader.read()
        assert not batch.missed
        got += [item.seq for item in batch.items if item.room == room and item.seq]
    assert got == list(range(1, count + 1))
