"""The promise of the chat, checked on a live deployment: what is said reaches everyone, once, in one order."""

import itertools
import queue
import secrets
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import socketio
from flask import Flask

from chat.domain import Chat
from chat.domain.people.people import Person
from chat.web.sessions.cookies import SessionInterface

JOINED_WITHIN = 10.0
ANSWER_WITHIN = 10.0
"""Seconds for an answer, before a send is repeated."""
SETTLE_WITHIN = 60.0
"""Seconds after the last message in which everything has to arrive."""
AGAIN = 0.2
"""Seconds before something is tried again, unless the answer says after how many."""
LEFT_FOR = 300.0
"""Seconds for which the room of a drill that was killed stays beside the time that the drill would have taken."""
PAGE = 200
OFFLINE: dict[str, Any] = {"ok": False, "error": {"code": "offline"}}
"""What stands for an answer that does not come."""


class DrillError(Exception):
    """The drill could not be held. Its text says why."""


class Participant:
    """Somebody who writes and reads, and comes back after every interruption, as docs/protocol.md says to.

    `sent` has when each message was first sent, `acknowledged` the `seq` of each that was answered, `read` when each
    entry was read, in that order; times are seconds, monotonic.
    """

    def __init__(self, url: str, cookie: str, room: str) -> None:
        self.sent: dict[str, float] = {}
        self.acknowledged: dict[str, int] = {}
        self.answered_after: list[float] = []
        self.read: list[tuple[float, int, str]] = []
        self.returns = -1
        self._room = room
        self._position: dict[str, Any] | None = None
        self._held: dict[int, dict[str, Any]] = {}
        self._live: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ended = False
        self._client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=2)
        self._client.on("message", self._live.put)
        self._client.on("resync", lambda _: self._live.put(None))
        self._client.on("connect", self._returned)
        self._client.on("disconnect", self._interrupted)
        self._asked: list[queue.Queue[dict[str, Any]]] = []
        try:
            # After a second without an answer, which a worker that just starts may take, it would come back no more.
            self._client.connect(
                url, headers={"Cookie": cookie}, transports=["websocket"], wait_timeout=int(ANSWER_WITHIN)
            )
        except socketio.exceptions.ConnectionError as error:
            raise DrillError(f"Nothing answers at {url}: {error}") from None
        self._reader = threading.Thread(target=self._run, daemon=True)
        self._reader.start()

    @property
    def sid(self) -> str:
        """The connection's id, on the server too."""
        return str(self._client.get_sid())

    @property
    def ready(self) -> bool:
        """Whether the room is joined."""
        return self._position is not None

    def say(self, until: float) -> None:
        """Send a message, again and again under the same id until it is answered, or time is up."""
        id = uuid.uuid4().hex
        self.sent[id] = time.monotonic()
        while time.monotonic() < until:
            began = time.monotonic()
            answer = self._call("sendMessage", {"room": self._room, "msg": f"drill {len(self.sent)}", "id": id})
            if answer["ok"]:
                self.answered_after.append(time.monotonic() - began)
                self.acknowledged[id] = answer["seq"]
                return
            time.sleep(answer["error"].get("retry_after", AGAIN))

    def close(self) -> None:
        """End the membership and the connection."""
        self._ended = True
        self._live.put(None)
        self._reader.join(ANSWER_WITHIN)
        self._call("leave", {"room": self._room})
        self._client.disconnect()

    def _call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked.append(asked)
        try:
            self._client.emit(event, payload, callback=asked.put)
            return asked.get(timeout=ANSWER_WITHIN)
        except (socketio.exceptions.SocketIOError, queue.Empty):
            return OFFLINE
        finally:
            self._asked.remove(asked)

    def _interrupted(self, *_: Any) -> None:
        # python-socketio's own call would wait on for an answer.
        for asked in list(self._asked):
            asked.put(OFFLINE)

    def _returned(self) -> None:
        self.returns += 1
        self._live.put(None)

    def _run(self) -> None:
        while not self._ended:
            entry = self._live.get()
            if entry is not None:
                self._take([entry])
            if (entry is None or self._held) and not self._ended and (wait := self._catch_up()):
                time.sleep(wait)
                self._live.put(None)

    def _catch_up(self) -> float:
        """Read what was missed. Returns the seconds after which to go on, or 0 when everything was read."""
        after = {"after": self._position} if self._position else {}
        page = self._call("join", {"room": self._room, "limit": PAGE, **after})
        if page["ok"] and (self._position is None or page.get("reset")):
            first = page["entries"][0]["seq"] if page["entries"] else page["head"] + 1
            self._position = {"epoch": page["epoch"], "seq": first - 1}
        while page["ok"]:
            self._take(page["entries"])
            if page["complete"] or self._position is None:
                return 0
            page = self._call("history", {"room": self._room, "after": self._position["seq"], "limit": PAGE})
        return float(page["error"].get("retry_after", AGAIN))

    def _take(self, entries: list[dict[str, Any]]) -> None:
        if self._position is None:
            return
        for entry in entries:
            if entry["epoch"] == self._position["epoch"] and entry["seq"] > self._position["seq"]:
                self._held[entry["seq"]] = entry
        while entry := self._held.pop(self._position["seq"] + 1, {}):
            self._position["seq"] += 1
            self.read.append((time.monotonic(), entry["seq"], entry["id"]))


@dataclass(frozen=True)
class Verdict:
    """What one participant read of all that was acknowledged.

    `answers` and `latencies` are seconds: from sending to being answered, and from first sending to reading. `silence`
    is the longest time between two entries, `returns` how often the connection was made anew.
    """

    expected: int
    delivered: int
    doubled: int
    out_of_order: int
    returns: int
    silence: float
    answers: list[float]
    latencies: list[float]

    @property
    def lost(self) -> int:
        """How many were acknowledged and did not arrive."""
        return self.expected - self.delivered

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.expected > 0 and not (self.lost or self.doubled or self.out_of_order)


def hold(app: Flask, chat: Chat, url: str, *, seconds: float, rate: float, restart: str | None) -> list[Verdict]:
    """Have two people talk at `url`, and judge what each of them read. Leaves nothing behind.

    Args:
        seconds: for how long they talk.
        rate: messages a second of each.
        restart: "worker" or "redis", what is restarted halfway.

    Raises:
        DrillError: the chat at `url` does not answer, or is another one.
    """
    # Long enough to be over, and soon gone if this process is killed.
    room = chat.rooms.create_unlisted("drill", JOINED_WITHIN + seconds + SETTLE_WITHIN + LEFT_FOR)
    people: list[Person] = []
    participants: list[Participant] = []
    try:
        for number in ("one", "two"):
            people.append(chat.people.claim(f"Drill {number} {secrets.token_hex(4)}", "", passing=True))
            chat.memberships.join(people[-1], room.name)
            participants.append(Participant(url, _cookie(app, people[-1]), room.name))
        _wait_for(participants, url)
        _talk(participants, rate, seconds, halfway=lambda: _restart(restart, chat, participants[0]))
        return [_judge(each, participants) for each in participants]
    finally:
        for participant in participants:
            participant.close()
        for person in people:
            chat.memberships.end_all(person)
            chat.people.release(person)
        chat.rooms.remove(room.name)


def show(verdicts: list[Verdict]) -> None:
    """Print the counts, the latencies and the verdict."""
    click.echo("\n              sent  delivered  lost  doubled  out of order  reconnects  longest silence")
    for number, each in zip(("one", "two"), verdicts, strict=True):
        click.echo(
            f"Drill {number}  {each.expected:>8,}  {each.delivered:>9,}  {each.lost:>4,}  {each.doubled:>7,}"
            f"  {each.out_of_order:>12,}  {each.returns:>10,}  {each.silence:>13.2f} s"
        )
    click.echo("\nmilliseconds     p50     p99     max")
    answers = [each for verdict in verdicts for each in verdict.answers]
    latencies = [each for verdict in verdicts for each in verdict.latencies]
    for name, values in (("answered in", answers), ("read after", latencies)):
        figures = (percentile(values, 50), percentile(values, 99), max(values, default=0.0))
        click.echo(f"{name:<12}" + "".join(f"{1000 * figure:>8,.0f}" for figure in figures))
    if all(each.kept for each in verdicts):
        click.secho("\nNothing lost, nothing doubled, one order.", fg="green")
    else:
        click.secho("\nThe promise was not kept.", fg="red")


def percentile(values: list[float], percent: int) -> float:
    """The value, in the unit of the values, under which so many percent of them lie; 0 for none."""
    if len(values) < 2:
        return sum(values)
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _cookie(app: Flask, person: Person) -> str:
    """The cookie by which the chat knows a browser of this person, by each name that it may have on the way there."""
    interface = SessionInterface()
    signer = interface.get_signing_serializer(app)
    assert signer is not None, "the application has a key"  # noqa: S101
    value = signer.dumps({"person": person.id})
    return "; ".join(f"{name}={value}" for name in interface.names(app))


def _wait_for(participants: list[Participant], url: str) -> None:
    deadline = time.monotonic() + JOINED_WITHIN
    while not all(each.ready for each in participants):
        if time.monotonic() > deadline:
            raise DrillError(
                f"The chat at {url} does not know the people of this drill: is it another one? "
                "REDIS_URL and SECRET_KEY have to be those that it runs with."
            )
        time.sleep(0.05)


def _talk(participants: list[Participant], rate: float, seconds: float, *, halfway: Callable[[], None]) -> None:
    """Have everybody write; return when all was answered and read, or too much time has passed."""
    end = time.monotonic() + seconds

    def write(participant: Participant) -> None:
        due = time.monotonic()
        while due < end:
            participant.say(end + SETTLE_WITHIN)
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))

    writers = [threading.Thread(target=write, args=[each], daemon=True) for each in participants]
    for writer in writers:
        writer.start()
    time.sleep(seconds / 2)
    halfway()
    for writer in writers:
        writer.join()
    while time.monotonic() < end + SETTLE_WITHIN and any(_judge(each, participants).lost for each in participants):
        time.sleep(0.1)


def _restart(what: str | None, chat: Chat, participant: Participant) -> None:
    if what == "worker":
        chat.bus.signal("restart", {"sid": participant.sid})
        click.echo("Halfway: a worker restarts.")
    elif what == "redis":
        click.echo(f"Halfway: {chat.store.disturb()}.")


def _judge(reader: Participant, participants: list[Participant]) -> Verdict:
    """What `reader` read, beside what all participants were promised."""
    sent = {id: at for each in participants for id, at in each.sent.items()}
    promised = {id: seq for each in participants for id, seq in each.acknowledged.items()}
    read = list(reader.read)
    ids, seqs, times = [id for _, _, id in read], [seq for _, seq, _ in read], [at for at, _, _ in read]
    misplaced = sum(promised.get(id, seq) != seq for _, seq, id in read)
    return Verdict(
        expected=len(promised),
        delivered=len(promised.keys() & set(ids)),
        doubled=len(ids) - len(set(ids)),
        out_of_order=misplaced + sum(later <= earlier for earlier, later in itertools.pairwise(seqs)),
        returns=reader.returns,
        silence=max((later - earlier for earlier, later in itertools.pairwise(times)), default=0.0),
        answers=reader.answered_after,
        latencies=[at - sent[id] for at, _, id in read if id in sent],
    )
