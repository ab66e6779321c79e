"""What a drill found: whether what was said reached everyone, once, in one order, and how fast."""

import itertools
import statistics
from dataclasses import dataclass

import click

from chat.cli.drill.participant import Participant


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


def judge(reader: Participant, participants: list[Participant]) -> Verdict:
    """What `reader` read, beside what all participants were promised."""
    sent = {id: at for each in participants for id, at in each.sent.items()}
    promised = {id: seq for each in participants for id, (_, seq) in each.acknowledged.items()}
    read = [(at, entry["seq"], entry["id"]) for at, entry in list(reader.read)]
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
