"""Whatever one client sends, or does not read, the others on its worker go on as before."""

import contextlib
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.live.packets import LARGEST
from chat.live.websocket import frames
from tests.conftest import Connect
from tests.live.conftest import Open
from tests.support.clients import unique
from tests.support.servers import Server
from tests.support.waiting import eventually
from tests.support.websockets import PING, PONG, TEXT, PlainSocket, event, frame

# Seconds within which 99 of 100 messages arrive while somebody floods.
PROMPT = 0.2
FLOOD = 4.0
# Frames in each example.
FRAMES = 50


def latencies(writer: PlainSocket, reader: PlainSocket, room: str, *, seconds: float) -> list[float]:
    """How long messages take from one to the other, in seconds, sorted."""
    took: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        writer.send(event("sendMessage", {"room": room, "msg": "How long?"}, id=9))
        reader.until('42["message",{"type":"message","room":"' + room)
        took.append(time.monotonic() - began)
        assert '"ok":true' in writer.until("439[")
    return sorted(took)


FLOODS = {
    "small events": event("typing", {"room": "work", "on": True}, id=1) * 500,
    "events for everyone": b"".join(event("typing", {"room": "work", "on": on}, id=1) for on in (True, False)) * 250,
    "unknown events": event("x", {}, id=1) * 500,
    "messages": event("sendMessage", {"msg": "x" * 9000}, id=1) * 20,
    "pongs": frame(TEXT, b"3") * 2000,
    "frames of pongs": frame(PONG) * 5000,
    "pings": frame(PING, bytes(125)) * 500,
    "empty fragments": frame(TEXT, b"4", fin=False) + frame(0, fin=False) * 5000,
    "100 KB at once": event("typing", {"room": "work", "on": False, "more": "x" * 100_000}, id=1) * 3,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_from_one_client_slows_down_nobody_else(plain: Open, server: Server, room: str, flood: str) -> None:
    pid = server.worker_pids()[0]
    ada, ben = (plain(on=pid).named(unique(name)).joined(room) for name in ("Ada", "Ben"))
    calm = latencies(ada, ben, room, seconds=1)
    flooder = plain(on=pid).named(unique("Flood"))
    if flood == "empty fragments":
        flooder.send(FLOODS[flood])
    flooder.socket.settimeout(1)
    over = threading.Event()

    def send() -> None:
        data = frame(0, fin=False) * 5000 if flood == "empty fragments" else FLOODS[flood]
        with contextlib.suppress(OSError):
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    flooder.socket.sendall(data)

    def read() -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    flooder.socket.recv(1 << 20)

    threads = [threading.Thread(target=send), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    try:
        took = latencies(ada, ben, room, seconds=FLOOD)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    slow = took[int(len(took) * 0.99)]
    # On a machine that is busy with something else, as compared with how it is without a flood.
    assert slow < max(PROMPT, 4 * calm[-1]), (statistics.median(took), slow, calm[-1])
    assert pid in server.worker_pids()


def test_readers_that_do_not_read_take_little_memory_and_are_cut_off(
    plain: Open, server: Server, connect: Connect, room: str
) -> None:
    ada = connect(unique("Ada"))
    ada.ok("join", {"room": room})
    pid = server.worker_of(ada.port())
    worker = psutil.Process(pid)
    deaf = [plain(on=pid, receive_buffer=2048).named(unique("Deaf")).joined(room) for _ in range(10)]
    ports = {each.port for each in deaf}

    def left() -> int:
        return sum(1 for each in worker.net_connections(kind="tcp") if each.raddr and each.raddr.port in ports)

    assert left() == 10
    before = most = worker.memory_info().rss
    sent = 0
    while left():
        # The buffers of the system take some megabytes first.
        assert sent < 2000, "never cut off"
        for _ in range(20):
            ada.say("x" * 10_000, room=room)
        sent += 20
        most = max(most, worker.memory_info().rss)
    assert most - before < 20 * 2**20
    eventually(lambda: len(ada.texts(room)) == sent)


one_frame = st.one_of(
    st.binary(max_size=40),
    st.builds(
        frame,
        st.integers(0, 15),
        st.binary(max_size=130),
        fin=st.booleans(),
        bits=st.sampled_from([0, 0, 0, 0, 0x10, 0x20, 0x40]),
        masked=st.sampled_from([True, True, True, True, False]),
    ),
    st.builds(lambda text: frame(TEXT, text.encode()), st.text(max_size=40)),
    st.builds(
        lambda kind, text: frame(TEXT, (kind + text).encode()),
        st.sampled_from(["40", "41", "42", "420", "43", "44", "45", "451-", "42/x,", "40/x,", "3", "2", "5"]),
        st.sampled_from(
            ["", "[]", "{}", "[[", '["join",{"room":"work"}]', '["join"]', "[1]", "null", '"x"', "-", "NaN"]
        ),
    ),
    st.builds(lambda size: b"\x81\xff" + size.to_bytes(8), st.integers(LARGEST - 2, 2**64 - 1)),
)


@pytest.mark.thorough
def test_a_hundred_thousand_frames_of_any_kind_are_read_or_refused() -> None:
    seen = 0

    @settings(
        max_examples=2000, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(one_frame, min_size=FRAMES, max_size=FRAMES))
    def read_all(sent: list[bytes]) -> None:
        nonlocal seen
        for data in sent:
            seen += 1
            with contextlib.suppress(frames.Violation):
                end, _, payload = frames.read(data, 0, LARGEST)
                assert (end > len(data)) == (payload is None)
                assert payload is None or len(payload) <= min(LARGEST, len(data))

    read_all()
    assert seen >= 100_000


def test_a_hundred_thousand_frames_of_any_kind_hurt_nobody(plain: Open, server: Server, room: str) -> None:
    pids = sorted(server.worker_pids())
    workers = [psutil.Process(pid) for pid in pids]
    ada, ben = (plain(on=pids[0]).named(unique(name)).joined(room) for name in ("Ada", "Ben"))
    calm = latencies(ada, ben, room, seconds=1)
    before = sum(worker.memory_info().rss for worker in workers)
    ports: set[int] = set()
    sent = 0
    over = threading.Event()

    # A connection is closed after the first that is none, which here may well be the first or the last.
    @settings(
        max_examples=2000, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(one_frame, min_size=FRAMES, max_size=FRAMES))
    def attack(flood: list[bytes]) -> None:
        nonlocal sent
        client = PlainSocket(server)
        ports.add(client.port)
        with contextlib.suppress(OSError):
            client.send(b"".join(flood))
        client.socket.close()
        sent += FRAMES

    def measure() -> list[float]:
        took: list[float] = []
        while not over.is_set():
            took += latencies(ada, ben, room, seconds=0.5)
        return sorted(took)

    with ThreadPoolExecutor() as pool:
        measuring = pool.submit(measure)
        try:
            attack()
        finally:
            over.set()
        took = measuring.result(30)
    slow = took[int(len(took) * 0.99)]
    assert slow < max(PROMPT, 4 * calm[-1]), (statistics.median(took), slow, calm[-1])
    assert sent >= 100_000

    def left() -> int:
        found = [each for worker in workers for each in worker.net_connections(kind="tcp")]
        return sum(1 for each in found if each.raddr and each.raddr.port in ports)

    eventually(lambda: not left(), within=15, what="no connection is left")
    assert sum(worker.memory_info().rss for worker in workers) - before < 20 * 2**20
    assert sorted(server.worker_pids()) == pids
    assert "Traceback" not in server.log
