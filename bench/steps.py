"""What came of sending at one rate for some time."""

from dataclasses import dataclass, field

FULL = 0.93
"""The share of a core from which on who is on it can hardly do more."""


def percentile(values: list[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed; infinity where there are none."""
    return sorted(values)[max(0, -(-int(len(values) * share * 1000) // 1000) - 1)] if values else float("inf")


@dataclass
class Step:
    """What came of sending at one rate for some time.

    `start` is when the first message was due. `delivered` counts until the last was, `arrived` until everything was
    there or `SETTLE` was over. `latencies` are `(arrival, seconds)` of the sample, `answers` seconds from due to
    acknowledged. `took` is how many seconds passed until then, `busy` and `server_busy` the shares of their cores that
    the load with Redis, and the server, took meanwhile.
    """

    rate: float
    seconds: float
    start: float = 0.0
    sent: int = 0
    expected: int = 0
    delivered: int = 0
    arrived: int = 0
    refused: int = 0
    holes: int = 0
    lost: int = 0
    took: float = 0.0
    busy: float = 0.0
    server_busy: float = 0.0
    latencies: list[tuple[float, float]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def throughput(self) -> float:
        """Deliveries a second, while the messages were sent."""
        return self.delivered / self.seconds if self.seconds else 0.0

    @property
    def p50(self) -> float:
        """The median latency of the sample, in seconds."""
        return percentile([each for _, each in self.latencies], 0.5)

    @property
    def p99(self) -> float:
        """The latency that 99 % of the sample's deliveries do not exceed, in seconds."""
        return percentile([each for _, each in self.latencies], 0.99)

    @property
    def answers_p50(self) -> float:
        """The seconds within which half of the messages were acknowledged."""
        return percentile(self.answers, 0.5)

    @property
    def answers_p99(self) -> float:
        """The seconds within which 99 % of the messages were acknowledged."""
        return percentile(self.answers, 0.99)

    @property
    def complete(self) -> bool:
        """Whether every message was acknowledged and reached everyone once and in order."""
        answered = len(self.answers) == self.sent and not self.refused
        return answered and self.arrived == self.expected and not self.holes and not self.lost

    @property
    def short_of_load(self) -> bool:
        """Whether it was the load that had no more to give, and not the server."""
        return self.busy > FULL > self.server_busy
