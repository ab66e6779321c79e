"""A way to Redis that all who ask at the same time share: what they ask travels in one round trip (group commit).

Whoever asks while nobody else does is sent at once. Whoever comes while an answer is awaited waits, and then goes
together with all others who came meanwhile. So a busy worker pays for one round trip for many, and a quiet one waits
for nobody.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from chat.store.errors import ELSEWHERE, Unavailable, code_of, translated

# The most askers in one round trip.
MOST = 128
# The least seconds between two replacements of connections.
REPLACE_EVERY = 0.5
# The most bytes of the answers of a round trip. Redis holds all that is not read yet.
HEAVIEST = 2 * 1024 * 1024

# A Redis command by its words, such as `("HGET", key, field)`.
Command = tuple[str | int | float, ...]


class _Ask:
    """What one asker waits for: their answers, an error, or their turn to go and ask for all."""

    __slots__ = ("answers", "commands", "error", "told", "weight")

    def __init__(self, commands: Sequence[Command], weight: float = 0) -> None:
        self.commands = commands
        self.weight = weight
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
        replaced: called when connections led to a Redis that can serve no more, and new ones are made.
    """

    def __init__(
        self,
        client: Any,
        scripts: Sequence[str],
        last: Command | None = None,
        replaced: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._load: list[Command] = [("SCRIPT", "LOAD", each) for each in scripts]
        self._last = last
        self._replaced = replaced
        self._replaced_at = -REPLACE_EVERY
        self._guard = threading.Lock()
        self._waiting: deque[_Ask] = deque()
        self._busy = False

    def ask(self, commands: Sequence[Command], weight: float = 0) -> list[Any]:
        """Send the commands together, in this order, and return their answers.

        They are not one atomic step, and may be sent twice if the connection breaks: each has to be safe to repeat.

        Args:
            weight: about how many bytes the answers may have, if that is many.

        Raises:
            Unavailable: Redis does not answer, or refuses for now.
        """
        mine = _Ask(commands, weight)
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
            asks, weight = [mine], mine.weight
            while self._waiting and len(asks) < MOST and (weight := weight + self._waiting[0].weight) <= HEAVIEST:
                asks.append(self._waiting.popleft())
        failed: Exception | None = Unavailable("Redis was not asked", "the one who asked for all was interrupted")
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
        self._send(asks)
        # Twice: behind a new connection may be a Redis that does not know the scripts.
        for _ in range(2):
            refused = [each for each in asks if any(isinstance(answer, Exception) for answer in each.answers or ())]
            if not refused or not self._mend(refused):
                return

    def _mend(self, refused: list[_Ask]) -> bool:
        """Ask again for those whom another try may help; False if there is nobody.

        Wholly: what else they ask for may depend on what was refused.
        """
        unknown = [each for each in refused if "NOSCRIPT" in _codes(each)]
        if unknown:
            # In one round trip, so that there is hardly a moment in which it could be forgotten again.
            load = _Ask(self._load)
            self._send([load, *unknown])
            if _errors(load):
                # Why they cannot be loaded says more than that they are not there.
                for each in unknown:
                    each.answers = _errors(load)
            return True
        elsewhere = [each for each in refused if _codes(each) & ELSEWHERE]
        now = time.monotonic()
        if not elsewhere or now - self._replaced_at < REPLACE_EVERY:
            return False
        self._replaced_at = now
        # The address may lead to another Redis by now: one that was demoted keeps its connections.
        self._client.connection_pool.disconnect(inuse_connections=False)
        self._replaced()
        self._send(elsewhere)
        return True

    def _send(self, asks: list[_Ask]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            for each in asks:
                for command in each.commands:
                    pipeline.execute_command(*command)
            if self._last:
                pipeline.execute_command(*self._last)
            came = pipeline.execute(raise_on_error=False)
        last = [came.pop()] if self._last else []
        at = 0
        for each in asks:
            each.answers = came[at : at + len(each.commands)] + last
            at += len(each.commands)


def _errors(ask: _Ask) -> list[Any]:
    return [answer for answer in ask.answers or () if isinstance(answer, Exception)]


def _codes(ask: _Ask) -> set[str]:
    return {code_of(error) for error in _errors(ask)}
