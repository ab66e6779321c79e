"""What Redis refuses at the moment, told to the log once when it begins and once when it is over."""

import logging
import threading
import time

from chat.store.errors import Unavailable

# Seconds between two lines about the same trouble: a Redis that comes back says several things on the way.
FURTHER = 10.0
# Seconds without a refusal after which a trouble may be over.
QUIET = 1.0
# Seconds after which a trouble that lasts is told again. A trouble that the trial does not meet, such as a right that
# is missing for what is done now and then, has to be quiet for as long.
STILL = 600.0

log = logging.getLogger(__name__)


class Trouble:
    """The trouble of one process with its Redis, if it has any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason = ""
        self._count = 0
        self._told = self._met = 0.0
        self._quiet = QUIET

    @property
    def reason(self) -> str:
        """What is the matter; empty if nothing is."""
        return self._reason

    def met(self, error: Unavailable) -> None:
        """Count what was refused, and tell the log, if it does not know yet."""
        now = time.monotonic()
        with self._lock:
            self._count += 1
            self._met = now
            wait = STILL if error.reason == self._reason else FURTHER
            if self._reason and now - self._told < wait:
                return
            if not self._reason:
                self._quiet = STILL if error.lacking else QUIET
            first, self._reason, self._told = not self._reason, error.reason, now
            count = self._count
        if first:
            log.warning("%s", error)
        else:
            log.warning("%s (%d requests were refused so far)", error, count)

    def confirm(self, error: Unavailable) -> None:
        """Note that a trial meets the same: it is over when the trial succeeds."""
        if error.reason == self._reason:
            self._quiet = QUIET

    def over(self) -> None:
        """Tell the log that everything is served again, as a trial has shown, unless something was refused just now."""
        with self._lock:
            if not self._reason or time.monotonic() - self._met < self._quiet:
                return
            count, self._reason, self._count = self._count, "", 0
        log.warning("Redis serves again; %d requests were refused", count)
