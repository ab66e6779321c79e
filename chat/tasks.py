"""Work that goes on in the background for as long as a process serves: it may fail, but not end in silence."""

import logging
import time
from collections.abc import Callable

# Seconds between a failure and the next try.
PAUSE = 0.2
# Seconds without a failure after which the next one is logged again.
SPELL = 10.0

log = logging.getLogger(__name__)


def forever(
    name: str,
    step: Callable[[], bool | None],
    *,
    sleep: Callable[[float], object],
    end: Callable[[], object],
    stop: tuple[type[BaseException], ...] = (),
) -> None:
    """Run `step` again and again, until it returns true or raises one of `stop`.

    What it raises otherwise is logged, once for a spell of failures, and it goes on after a pause. If that cannot be,
    `end` is called: a worker without one of its loops looks alive to everybody but its clients.

    Args:
        name: what is done, as the log calls it.
        sleep: waits for so many seconds, letting others run.
        end: has this worker replaced by another.
    """
    over = failing = False
    failed = -SPELL
    try:
        while not over:
            try:
                if failing:
                    sleep(PAUSE)
                over, failing = bool(step()), False
            except stop:
                over = True
            except Exception as error:
                now = time.monotonic()
                if now - failed > SPELL:
                    # What the system refuses is told by its words; all else is a fault, and its place matters.
                    trace = None if isinstance(error, OSError) else error
                    log.error("%s failed, and goes on: %s: %s", name, type(error).__name__, error, exc_info=trace)
                failed, failing = now, True
    finally:
        if not over:
            log.critical("%s ended: this worker ends too", name)
            end()
