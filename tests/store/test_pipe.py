"""Those who ask Redis at the same time share a round trip, and nothing else."""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import redis

from chat.config import Config
from chat.domain import Chat
from chat.domain.messages.log import after, seq_of
from chat.store import pipe as pipes
from chat.store.connection import Store
from chat.store.errors import Unavailable
from chat.store.pipe import HEAVIEST, MOST, Command, Pipe
from tests.support.clients import unique
from tests.support.redis import Redis
from tests.support.waiting import eventually

TWO_SECONDS = 2.3
"""The two that are promised, and some for a busy machine."""
SCRIPT = "return redis.call('INCR', KEYS[1])"
Ask = Callable[..., "Future[list[Any]]"]


def apart(call: Callable[..., Any], *args: Any) -> "Future[Any]":
    """Call in a thread that nobody waits for, should it be stuck."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(call(*args))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


@pytest.fixture
def asking(own_redis: Redis) -> Iterator[redis.Redis]:
    """The client that pipes ask through, with all the time in the world."""
    client = own_redis.client()
    client.ping()
    yield client
    client.close()


@pytest.fixture
def other(own_redis: Redis) -> Iterator[redis.Redis]:
    """A client beside it."""
    client = own_redis.client()
    client.ping()
    yield client
    client.close()


@pytest.fixture
def pipe(asking: redis.Redis) -> Pipe:
    """A pipe to a Redis of its own."""
    return Pipe(asking, [SCRIPT])


@pytest.fixture
def ask(pipe: Pipe) -> Ask:
    """Asks in a thread of its own."""
    return lambda *commands: apart(pipe.ask, commands)


def wait_for(pipe: Pipe, count: int) -> None:
    """Wait until so many wait for their turn."""
    eventually(lambda: len(pipe._waiting) == count, what=f"{count} wait")


@contextmanager
def gate(pipe: Pipe, other: redis.Redis, ask: Ask) -> Iterator[None]:
    """Have somebody wait for Redis' answer, which does not come before the end of the block."""
    held = ask(("BLPOP", "gate", 0))
    eventually(lambda: other.info("clients")["blocked_clients"] == 1)
    yield
    other.rpush("gate", "open")
    assert held.result(10) == [("gate", "open")]


def reads(client: redis.Redis) -> int:
    """How often Redis read something so far."""
    return int(client.info("stats")["total_reads_processed"])


def results(asked: Sequence["Future[list[Any]]"]) -> list[list[Any]]:
    """The answers to all, which come within seconds."""
    return [each.result(10) for each in asked]


# Sharing


def test_whoever_asks_alone_is_sent_at_once(pipe: Pipe, other: redis.Redis) -> None:
    before = reads(other)
    for number in range(10):
        assert pipe.ask([("SET", "key", number), ("GET", "key")]) == [True, str(number)]
    # One of them asked for the number.
    assert reads(other) - before == 10 + 1


def test_all_who_wait_go_together_and_each_gets_their_own_answers(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    with gate(pipe, other, ask):
        asked = [ask(("ECHO", f"{number}")) for number in range(MOST)]
        wait_for(pipe, MOST)
        before = reads(other)
    assert results(asked) == [[f"{number}"] for number in range(MOST)]
    # All of them, the gate's key, and the question for the number.
    assert reads(other) - before == 1 + 1 + 1


def test_a_crowd_takes_as_few_round_trips_as_it_may(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    with gate(pipe, other, ask):
        asked = [ask(("ECHO", f"{number}")) for number in range(3 * MOST)]
        wait_for(pipe, 3 * MOST)
        before = reads(other)
    assert results(asked) == [[f"{number}"] for number in range(3 * MOST)]
    assert reads(other) - before == 3 + 1 + 1


@pytest.mark.parametrize(("weights", "trips"), [([HEAVIEST // 4] * 8, 2), ([HEAVIEST * 2] * 3, 3), ([0, 9] * 20, 1)])
def test_answers_that_weigh_much_go_in_as_many_round_trips_as_redis_can_bear(
    pipe: Pipe, other: redis.Redis, ask: Ask, weights: list[int], trips: int
) -> None:
    with gate(pipe, other, ask):
        asked = []
        for number, weight in enumerate(weights):
            asked.append(apart(pipe.ask, [("ECHO", f"{number}")], weight))
            wait_for(pipe, number + 1)
        before = reads(other)
    # In the order in which they came, whatever they weigh.
    assert results(asked) == [[f"{number}"] for number in range(len(weights))]
    assert reads(other) - before == trips + 1 + 1


def test_many_threads_that_ask_again_and_again_get_their_own_answers_in_their_own_order(
    pipe: Pipe, other: redis.Redis
) -> None:
    threads, times = 32, 40
    start = threading.Barrier(threads)

    def run(number: int) -> bool:
        start.wait(10)
        key, right = f"list {number}", True
        for round in range(times):
            commands: list[Command] = [
                ("RPUSH", key, 2 * round),
                ("RPUSH", key, 2 * round + 1),
                ("LRANGE", key, -2, -1),
            ]
            right &= pipe.ask(commands) == [2 * round + 1, 2 * round + 2, [f"{2 * round}", f"{2 * round + 1}"]]
        return right

    before = reads(other)
    running = [apart(run, number) for number in range(threads)]
    assert all(each.result(30) for each in running)
    trips = reads(other) - before - 1
    assert trips < threads * times / 2
    for number in range(threads):
        assert other.lrange(f"list {number}", 0, -1) == [str(each) for each in range(2 * times)]


def test_the_last_command_goes_once_for_all_and_everybody_gets_its_answer(
    asking: redis.Redis, other: redis.Redis
) -> None:
    pipe = Pipe(asking, [], last=("INCR", "trips"))
    held = apart(pipe.ask, [("BLPOP", "gate", 0)])
    eventually(lambda: other.info("clients")["blocked_clients"] == 1)
    asked = [apart(pipe.ask, [("ECHO", f"{number}")]) for number in range(10)]
    wait_for(pipe, 10)
    other.rpush("gate", "open")
    assert held.result(10) == [("gate", "open"), 1]
    assert results(asked) == [[f"{number}", 2] for number in range(10)]


# Errors


def test_an_error_reaches_the_one_who_asked_and_nobody_else(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    other.set("text", "no list")
    with gate(pipe, other, ask):
        sound = [ask(("ECHO", "before"))]
        wait_for(pipe, 1)
        wrong = ask(("SET", "first", 1), ("LPUSH", "text", 1), ("SET", "last", 1))
        wait_for(pipe, 2)
        sound += [ask(("ECHO", f"{number}")) for number in range(10)]
        wait_for(pipe, 12)
    assert results(sound) == [["before"], *([f"{number}"] for number in range(10))]
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        wrong.result(10)
    assert other.mget("first", "last") == ["1", "1"]
    assert pipe.ask([("PING",)]) == [True]


def test_a_redis_that_does_not_answer_costs_nobody_more_than_two_seconds(own_redis: Redis) -> None:
    store = Store(own_redis.url)
    store.ask(("PING",))
    # More than go together twice, so that it takes more than two round trips to tell them one after the other.
    crowd = 2 * MOST + 50

    def run(number: int) -> float:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            store.ask(("ECHO", f"{number}"))
        return time.monotonic() - began

    own_redis.freeze()
    running = [apart(run, number) for number in range(crowd)]
    assert max(each.result(30) for each in running) < TWO_SECONDS
    own_redis.thaw()
    assert store.ask(("ECHO", "again")) == ["again"]


def test_a_connection_that_breaks_is_made_anew_for_all_who_ask(own_redis: Redis) -> None:
    store = Store(own_redis.url)
    for _ in range(10):
        own_redis.client().client_kill_filter(_type="normal", skipme=True)
        asked = [apart(store.ask, ("ECHO", f"{number}")) for number in range(20)]
        assert results(asked) == [[f"{number}"] for number in range(20)]


# A Redis that forgot its scripts


def test_a_script_that_redis_forgot_is_run_once_for_each_that_asked(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    digest = other.script_load(SCRIPT)
    with gate(pipe, other, ask):
        asked = []
        for key in ("before", "flush", "after", "also after"):
            command = ("SCRIPT", "FLUSH") if key == "flush" else ("EVALSHA", digest, 1, key)
            asked.append(ask(command, ("ECHO", key)))
            wait_for(pipe, len(asked))
    assert results(asked) == [[1, "before"], ["OK", "flush"], [1, "after"], [1, "also after"]]
    assert other.mget("before", "after", "also after") == ["1", "1", "1"]


def test_a_redis_is_taught_and_asked_again_in_one_round_trip(pipe: Pipe, other: redis.Redis) -> None:
    digest = other.script_load(SCRIPT)
    other.script_flush()
    before = reads(other)
    assert pipe.ask([("EVALSHA", digest, 1, "key")]) == [1]
    assert reads(other) - before == 2 + 1


def test_scripts_that_redis_forgets_again_and_again_append_each_entry_once(own_redis: Redis) -> None:
    chat = Chat(Store(own_redis.url), Config(redis_url=own_redis.url, rate_limit=False))
    room = chat.rooms.default
    person = chat.people.claim("Writer", "127.0.0.1")
    chat.visits.enter(person, room)
    writers = 16
    posted: dict[str, int] = {}
    over = threading.Event()

    def write(writer: int) -> None:
        for number in itertools.count():
            if over.is_set():
                return
            id = f"{writer}-{number}"
            posted[id] = chat.messages.post(person, room, id, id).seq

    writing = [apart(write, writer) for writer in range(writers)]
    try:
        for _ in range(10):
            own_redis.client().script_flush()
            # More than all of them at once: so Redis was taught in between.
            goal = len(posted) + 3 * writers
            eventually(lambda goal=goal: len(posted) >= goal)
    finally:
        over.set()
    for each in writing:
        each.result(10)
    entries = list(chat.log.read(room, after(0, 200)).entries)
    while len(entries) < len(posted):
        entries += chat.log.read(room, after(len(entries), 200)).entries
    assert [seq_of(entry) for entry in entries] == list(range(1, len(posted) + 1))
    for id, seq in posted.items():
        assert f'"id":"{id}"' in entries[seq - 1]


# Somebody is interrupted


class Interrupted(BaseException):
    """What a signal does to whoever waits."""


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Have a signal raise `Interrupted` in the main thread, where the tests run. Yields what sends it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def test_whoever_is_interrupted_while_waiting_is_passed_over(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    asked: list[Future[list[Any]]] = []
    with interruptible() as interrupt:

        def go_on() -> None:
            wait_for(pipe, 1)
            asked.extend(ask(("ECHO", f"{number}")) for number in range(10))
            wait_for(pipe, 11)
            interrupt()

        with gate(pipe, other, ask):
            going_on = apart(go_on)
            with pytest.raises(Interrupted):
                pipe.ask([("SET", "of the interrupted one", 1)])
            going_on.result(10)
    assert results(asked) == [[f"{number}"] for number in range(10)]
    assert other.get("of the interrupted one") is None


def test_whoever_is_interrupted_on_the_way_leaves_the_others_their_answers(
    pipe: Pipe, other: redis.Redis, ask: Ask
) -> None:
    asked: list[Future[list[Any]]] = []
    with interruptible() as interrupt:

        def go_on() -> None:
            wait_for(pipe, 2)
            asked.extend(ask(("ECHO", f"{number}")) for number in range(10))
            wait_for(pipe, 12)
            other.rpush("gate", "open")
            # All of them are on their way, and wait for the second gate.
            wait_for(pipe, 0)
            eventually(lambda: other.info("clients")["blocked_clients"] == 1)
            interrupt()

        held = ask(("BLPOP", "gate", 0))
        eventually(lambda: other.info("clients")["blocked_clients"] == 1)
        asked.append(ask(("BLPOP", "second gate", 0)))
        wait_for(pipe, 1)
        going_on = apart(go_on)
        with pytest.raises(Interrupted):
            pipe.ask([("ECHO", "mine")])
        going_on.result(10)
    late = [ask(("ECHO", "late")) for _ in range(10)]
    # The one that is on the way still has the turn.
    wait_for(pipe, 10)
    other.rpush("second gate", "open")
    assert held.result(10) == [("gate", "open")]
    assert results(asked) == [[("second gate", "open")], *([f"{number}"] for number in range(10))]
    assert results(late) == [["late"]] * 10


def test_whoever_is_interrupted_with_the_turn_passes_it_on(
    pipe: Pipe, other: redis.Redis, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told:
        """A lock whose owner is interrupted just when there is something to tell."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self._lock.acquire()
            self.release = self._lock.release

        def acquire(self, blocking: bool = True) -> bool:
            if not blocking:
                # It was told, and did not take notice.
                return True
            self._lock.acquire()
            raise Interrupted

    class Unlucky(pipes._Ask):
        def __init__(self, commands: Sequence[Command], weight: float = 0) -> None:
            super().__init__(commands, weight)
            self.told = Told()  # type: ignore[assignment]

    with gate(pipe, other, ask):
        with monkeypatch.context() as patched:
            patched.setattr(pipes, "_Ask", Unlucky)
            unlucky = ask(("ECHO", "unlucky"))
            wait_for(pipe, 1)
        asked = [ask(("ECHO", f"{number}")) for number in range(10)]
        wait_for(pipe, 11)
    with pytest.raises(Interrupted):
        unlucky.result(10)
    assert results(asked) == [[f"{number}"] for number in range(10)]


def test_whoever_is_interrupted_while_asking_for_all_tells_them_so(pipe: Pipe, other: redis.Redis, ask: Ask) -> None:
    asked: list[Future[list[Any]]] = []
    with interruptible() as interrupt:

        def go_on() -> None:
            eventually(lambda: other.info("clients")["blocked_clients"] == 1)
            asked.extend(ask(("ECHO", f"{number}")) for number in range(10))
            wait_for(pipe, 10)
            interrupt()

        going_on = apart(go_on)
        with pytest.raises(Interrupted):
            pipe.ask([("BLPOP", "gate", 0)])
        going_on.result(10)
    for each in asked:
        with pytest.raises(Unavailable, match="interrupted"):
            each.result(10)
    assert pipe.ask([("ECHO", "again")]) == ["again"]


# Replicas


def test_what_is_on_too_few_replicas_is_known_when_it_is_repeated(chat: Chat, room: str, redis_url: str) -> None:
    person = chat.people.claim(unique("Writer"), "127.0.0.1")
    chat.visits.enter(person, room)
    safe = Chat(Store(redis_url, replicas=1), Config(redis_url=redis_url, rate_limit=False))
    for _ in range(2):
        with pytest.raises(Unavailable, match="0 of 1"):
            safe.messages.post(person, room, "hello", "id")
    assert chat.messages.post(person, room, "hello", "id").seq == 1
    assert len(chat.log.read(room, after(0, 200)).entries) == 1
