"""Who is handled when, on a loop of the test's own: by turns, in order, and never too many at the same time."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import greenlet
import pytest
import socketio

from chat.live.connections import Connections
from chat.live.websocket import scheduler
from chat.live.websocket.scheduler import HANDLERS, NEWCOMERS, Ended, Scheduler
from chat.live.websocket.socket import COMING, Socket
from chat.live.websocket.sockets import Sockets


class GreenLoop:
    """Runs green threads when it is told to."""

    def __init__(self) -> None:
        self.due: list[Callable[[], Any]] = []
        self.resting: list[greenlet.greenlet] = []

    def readable(self, fd: int, call: Callable[[int], None]) -> Any:
        return call

    def ignore(self, watch: Any) -> None:
        pass

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.due.append(call)

    def spawn(self, call: Callable[[], None]) -> None:
        if call.__name__ != "_beat":
            self.due.append(greenlet.greenlet(call).switch)

    def turn(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()

    def run(self) -> None:
        """All that is due, until everybody rests or is done."""
        for _ in range(100_000):
            if not self.due:
                return
            self.turn()
        raise AssertionError("it goes on and on")

    def rest(self) -> None:
        """Rest in a green thread, as one does that waits for Redis."""
        me = greenlet.getcurrent()
        self.resting.append(me)
        assert me.parent
        me.parent.switch()

    def wake(self, count: int = 1_000_000) -> None:
        """Have the first who rest go on."""
        woken, self.resting = self.resting[:count], self.resting[count:]
        self.due += [each.switch for each in woken]


class House:
    """Connections whose messages are handled. `handled` has each message, or end, with who said it."""

    def __init__(self) -> None:
        self.loop = GreenLoop()
        self.sockets = Sockets(
            socketio.Server(async_mode="threading"),
            Connections(),
            self.loop,  # type: ignore[arg-type]
            limit=10_000,
            limit_of_network=10_000,
            max_backlog=1_000_000,
            restart=print,
        )
        self.sockets.scheduler = Scheduler(self.loop, self._heard, self._ended)  # type: ignore[arg-type]
        self.handled: list[tuple[str, str]] = []
        self.begun: list[tuple[str, str]] = []
        self.now: Counter[str] = Counter()
        self.most = self.most_of_one = 0
        self.act: Callable[[Socket, str], None] = lambda _, __: None

    def comer(self, name: str) -> Socket:
        """Somebody who comes."""
        return Socket(self.sockets, name, {}, set())

    def old(self, name: str) -> Socket:
        """Somebody who is there."""
        made = self.comer(name)
        made.coming = 0
        return made

    def say(self, socket: Socket, *messages: object) -> None:
        for message in messages:
            socket._received(f"4{message}".encode())

    def _heard(self, socket: Socket, message: str) -> None:
        self.begun.append((socket.sid, message))
        self.now[socket.sid] += 1
        self.most_of_one = max(self.most_of_one, self.now[socket.sid])
        self.most = max(self.most, self.now.total())
        try:
            self.act(socket, message)
        finally:
            self.now[socket.sid] -= 1
        self.handled.append((socket.sid, message))

    def _ended(self, socket: Socket, end: Ended) -> None:
        self._heard(socket, f"ended: {end.reason}")


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which a slice takes as long as there is something to do."""
    monkeypatch.setattr(scheduler, "SLICE", 3600.0)
    return House()


def rests(house: House) -> Callable[[Socket, str], None]:
    """A handler that waits for something."""
    return lambda _, __: house.loop.rest()


def test_who_is_there_is_handled_by_turns_with_thousands_who_come(house: House) -> None:
    for number in range(3000):
        house.say(house.comer(f"new {number}"), "connect", "name", "join")
    talkers = [house.old(f"old {number}") for number in range(50)]
    for talker in talkers:
        house.say(talker, 1, 2, 3, 4)
    house.loop.run()
    assert len(house.handled) == 3000 * 3 + 50 * 4
    places = [place for place, (who, _) in enumerate(house.handled) if who.startswith("old")]
    # Every other one is theirs.
    assert max(places) <= 2 * 200
    assert min(place for place, (who, _) in enumerate(house.handled) if who.startswith("new")) <= 1


def test_who_comes_is_handled_by_turns_with_a_crowd_that_talks(house: House) -> None:
    for number in range(1000):
        house.say(house.old(f"old {number}"), *range(10))
    for number in range(50):
        house.say(house.comer(f"new {number}"), "connect", "name", "join")
    house.loop.run()
    assert max(place for place, (who, _) in enumerate(house.handled) if who.startswith("new")) <= 2 * 150


def test_who_talks_waits_for_none_of_those_who_come_and_wait(house: House) -> None:
    house.act = lambda socket, _: house.loop.rest() if socket.sid.startswith("new") else None
    for number in range(3000):
        house.say(house.comer(f"new {number}"), "connect", "name", "join")
    house.loop.run()
    assert house.now.total() == NEWCOMERS
    for number in range(500):
        house.say(house.old(f"old {number}"), 1, 2)
    house.loop.run()
    assert Counter(who.split()[0] for who, _ in house.handled) == {"old": 1000}
    assert house.now.total() == NEWCOMERS
    while house.loop.resting:
        house.loop.wake()
        house.loop.run()
        assert house.now.total() <= NEWCOMERS
    assert len(house.handled) == 1000 + 9000


def test_as_many_as_may_be_are_handled_at_the_same_time(house: House) -> None:
    house.act = rests(house)
    talkers = [house.old(f"{number}") for number in range(2 * HANDLERS)]
    for talker in talkers:
        house.say(talker, 1, 2)
    house.loop.run()
    assert house.now.total() == house.most == HANDLERS
    # The first of all come before the second of anybody.
    assert len(set(house.begun)) == len({who for who, _ in house.begun}) == HANDLERS
    while house.loop.resting:
        house.loop.wake(7)
        house.loop.run()
    assert house.most == HANDLERS
    assert Counter(house.handled) == Counter((talker.sid, message) for talker in talkers for message in "12")


def test_newcomers_leave_places_for_who_is_there(house: House) -> None:
    house.act = rests(house)
    for number in range(2 * NEWCOMERS):
        house.say(house.comer(f"new {number}"), "connect")
    for number in range(2 * HANDLERS):
        house.say(house.old(f"old {number}"), 1)
    house.loop.run()
    handled = Counter(who.split()[0] for who, _ in house.begun)
    assert handled.total() == HANDLERS
    assert handled["new"] <= NEWCOMERS
    assert handled["old"] >= HANDLERS - NEWCOMERS
    while house.loop.resting:
        house.loop.wake(10)
        house.loop.run()
        assert sum(count for who, count in house.now.items() if who.startswith("new")) <= NEWCOMERS
    assert len(house.handled) == 2 * NEWCOMERS + 2 * HANDLERS


def test_what_one_connection_sends_is_handled_one_after_the_other_in_order(house: House) -> None:
    house.act = rests(house)
    talkers = [house.old("a"), house.comer("b"), house.old("c")]
    for number in range(10):
        for talker in talkers:
            house.say(talker, number)
    talkers[0].end("over")
    while True:
        house.loop.run()
        if not house.loop.resting:
            break
        # The one who began last goes on first.
        house.loop.resting.reverse()
        house.loop.wake(1)
    for talker in talkers:
        said = [message for who, message in house.handled if who == talker.sid]
        assert said == [*(str(number) for number in range(10)), *(["ended: over"] if talker.sid == "a" else [])]
    assert house.most_of_one == 1
    assert not any(talker.busy for talker in talkers)


def test_who_has_come_is_no_newcomer_any_more(house: House) -> None:
    mine = house.comer("mine")
    house.say(mine, *range(COMING))
    house.loop.run()
    house.act = lambda socket, _: house.loop.rest() if socket.sid.startswith("new") else None
    for number in range(2 * NEWCOMERS):
        house.say(house.comer(f"new {number}"), "connect")
    house.loop.run()
    house.say(mine, "hello")
    house.loop.run()
    assert house.handled[-1] == ("mine", "hello")


def test_those_who_go_in_a_crowd_hold_up_nobody_who_talks(house: House) -> None:
    talkers = [house.old(f"old {number}") for number in range(1000)]
    for talker in talkers[10:]:
        talker.end("gone")
    for talker in talkers[:10]:
        house.say(talker, 1)
    house.loop.run()
    assert max(place for place, (_, what) in enumerate(house.handled) if what == "1") < 2 * 10
    assert Counter(what for _, what in house.handled) == {"1": 10, "ended: gone": 990}


def test_the_loop_has_a_turn_after_each_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    house = House()

    def work(_: Socket, __: str) -> None:
        nonlocal now
        now += 0.001

    house.act = work
    for number in range(1000):
        house.say(house.old(f"{number}"), 1)
    turns = 0
    while house.loop.due:
        before = len(house.handled)
        house.loop.turn()
        turns += 1
        assert len(house.handled) - before <= 10
    assert len(house.handled) == 1000
    assert turns < 1000


def test_a_few_who_have_much_to_say_are_handled_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    house = House()

    def work(_: Socket, __: str) -> None:
        nonlocal now
        now += 0.003

    house.act = work
    for number in range(3):
        house.say(house.old(f"{number}"), *range(15))
    house.loop.run()
    assert len(house.handled) == 3 * 15


@pytest.mark.parametrize("waits", [False, True])
def test_a_handler_that_fails_stops_nobody_not_even_its_own_connection(house: House, *, waits: bool) -> None:
    def fail(socket: Socket, message: str) -> None:
        if waits:
            house.loop.rest()
        if message == "bad":
            raise ValueError(message)

    house.act = fail
    # More of them than handlers, and each in the midst of something.
    talkers = [house.old(f"old {number}") if number % 2 else house.comer(f"{number}") for number in range(3 * HANDLERS)]
    for talker in talkers:
        house.say(talker, 1, "bad", 2)
        talker.end("over")
    while house.loop.due or house.loop.resting:
        house.loop.run()
        house.loop.wake()
    assert Counter(what for _, what in house.handled) == dict.fromkeys(["1", "2", "ended: over"], 3 * HANDLERS)
    assert not any(talker.busy for talker in talkers)
    # As many may be handled as before.
    house.act = rests(house)
    for number in range(2 * HANDLERS):
        house.say(house.old(f"late {number}"), 1)
    house.loop.run()
    assert house.now.total() == HANDLERS
