"""A way to Redis that those who ask at the same time share: what each asks travels in one round trip (group commit).

Who asks while nobody else does is sent at once. Who comes while an answer is awaited waits, together with all others
who come meanwhile, and then goes with them. So a busy worker pays for a round trip once for many, and a quiet one waits
for nobody.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis

from chat.store.errors import Unavailable, translated

MOST = 128
"""Askers in one round trip at most."""

Command = tuple[str | int | float, ...]
"""A Redis command by its words, such as `("HGET", key, field)`."""


class _Ask:
    """What one asker waits for: their answers, an error, or their turn to go and ask for all."""

    __slots__ = ("answers", "commands", "error", "told")

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands
        self.answers: list[Any] | None = None
        self.error: Exception | None = None
        # Held until there is something to tell: the cheapest thing to wait for, in a thread and in a green one.
        self.told = threading.Lock()
        self.told.acquire()


class Pipe:
    """Asks Redis through `client`.

    Args:
        scripts: the Lua functions that commands call by their digests, loaded where Redis does not know them.
        last: a command that each round trip ends with, if any, and whose answer everybody in it gets last.
    """

    def __init__(self, client: Any, scripts: Sequence[str], last: Command | None = None) -> None:
        self._client = client
        self._load: list[Command] = [("SCRIPT", "LOAD", each) for each in scripts]
        self._last = last
        self._guard = threading.Lock()
        self._waiting: deque[_Ask] = deque()
        self._busy = False

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send the commands together, in this order, and return their answers.

        They are not one atomic step, and may be sent twice if the connection breaks: each has to be safe to repeat.

        Raises:
            Unavailable: Redis does not answer, or refuses for now.
        """
        mine = _Ask(commands)
        with self._guard:
            leads, self._busy = not self._busy, True
            if not leads:
                self._waiting.append(mine)
        if not leads:
            self._wait(mine)
        if mine.answers is None and mine.error is None:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        answers: list[Any] = mine.answers or []
        for each in answers:
            if isinstance(each, Exception):
                raise translated(each)
        return answers

    def _wait(self, mine: _Ask) -> None:
        try:
            mine.told.acquire()
        except BaseException:
            # Whoever is interrupted here must not be left with the turn.
            with self._guard:
                waits = mine in self._waiting
                if waits:
                    self._waiting.remove(mine)
            if not waits and mine.told.acquire(blocking=False) and mine.answers is None and mine.error is None:
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to whoever waits longest."""
        with self._guard:
            next_one = self._waiting.popleft() if self._waiting else None
            self._busy = next_one is not None
        if next_one is not None:
            next_one.told.release()

    def _lead(self, mine: _Ask) -> None:
        """Ask for oneself and those who wait, and then let the next one do so."""
        with self._guard:
            asks = [mine, *(self._waiting.popleft() for _ in range(min(len(self._waiting), MOST - 1)))]
        failed: Exception | None = Unavailable("Redis was not asked", "who asked for all was interrupted")
        try:
            self._answer(asks)
            failed = None
        except Exception as error:
            failed = translated(error)
        finally:
            if failed is not None:
                # Those who wait could not reach Redis either, and each was promised an answer in time.
                with self._guard:
                    asks += self._waiting
                    self._waiting.clear()
            self._pass_on()
            for each in asks:
                each.error = failed
                if each is not mine:
                    each.told.release()

    def _answer(self, asks: list[_Ask]) -> None:
        answers = self._send(asks)
        unknown = [
            each
            for each, some in zip(asks, answers, strict=True)
            if any(isinstance(answer, redis.exceptions.NoScriptError) for answer in some)
        ]
        if unknown:
            # Wholly: what else they ask for may depend on what the function does. In one round trip, so that there is
            # hardly a moment in which it could be forgotten again.
            _, *answered = self._send([_Ask(self._load), *unknown])
            again = dict(zip(map(id, unknown), answered, strict=True))
            answers = [again.get(id(each), some) for each, some in zip(asks, answers, strict=True)]
        for each, some in zip(asks, answers, strict=True):
            each.answers = some

    def _send(self, asks: list[_Ask]) -> list[list[Any]]:
        with self._client.pipeline(transaction=False) as pipeline:
            for each in asks:
                for command in each.commands:
                    pipeline.execute_command(*command)
            if self._last:
                pipeline.execute_command(*self._last)
            came = pipeline.execute(raise_on_error=False)
        last = [came.pop()] if self._last else []
        found, at = [], 0
        for each in asks:
            found.append(came[at : at + len(each.commands)] + last)
            at += len(each.commands)
        return found
