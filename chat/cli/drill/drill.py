"""The promise of the chat, checked on a live deployment: what is said reaches everyone, once, in one order."""

import secrets
import threading
import time
from collections.abc import Callable

import click
from flask import Flask

from chat.cli.drill.participant import DrillError, Participant
from chat.cli.drill.verdict import Verdict, judge
from chat.domain import Chat
from chat.domain.people.people import Person
from chat.web.sessions.cookies import SessionInterface

JOINED_WITHIN = 10.0
# Seconds after the last message in which everything has to arrive.
SETTLE_WITHIN = 60.0
# Seconds for which the room of a drill that was killed stays beside the time that the drill would have taken.
LEFT_FOR = 300.0


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
            chat.visits.enter(people[-1], room.id)
            participants.append(Participant(url, room.id, {"Cookie": SessionInterface().header(app, people[-1])}))
        _wait_for(participants, url)
        _talk(participants, rate, seconds, halfway=lambda: _restart(restart, chat, participants[0]))
        return [judge(each, participants) for each in participants]
    finally:
        for participant in participants:
            participant.close()
        for person in people:
            chat.sign_out(person.id)
        chat.removals.remove(room.id)


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
    while time.monotonic() < end + SETTLE_WITHIN and any(judge(each, participants).lost for each in participants):
        time.sleep(0.1)


def _restart(what: str | None, chat: Chat, participant: Participant) -> None:
    if what == "worker":
        chat.bus.signal("restart", {"sid": participant.sid})
        click.echo("Halfway: a worker restarts.")
    elif what == "redis":
        click.echo(f"Halfway: {chat.store.disturb()}.")
