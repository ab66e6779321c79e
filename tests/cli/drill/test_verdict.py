"""What a drill finds: it must be able to fail."""

import pytest

from chat.cli.drill import verdict as verdicts
from chat.cli.drill.participant import Participant


class Reader(Participant):
    """Somebody who sent a, b and c, which stand at 1, 2 and 3, and read what the test says."""

    def __init__(self, read: str) -> None:
        self.sent = {"a": 0.0, "b": 1.0, "c": 2.0}
        self.acknowledged = {id: ("epoch", seq) for seq, id in enumerate("abc", 1)}
        self.answered_after = [0.1]
        self.returns = 0
        self.read = [(at + 0.5, {"seq": self.acknowledged[id][1], "id": id}) for at, id in enumerate(read)]


@pytest.mark.parametrize(
    ("read", "lost", "doubled", "out_of_order", "kept"),
    [("abc", 0, 0, 0, True), ("ab", 1, 0, 0, False), ("abbc", 0, 1, 1, False), ("acb", 0, 0, 1, False)],
)
def test_what_is_lost_doubled_or_out_of_order_is_counted(
    read: str, lost: int, doubled: int, out_of_order: int, kept: bool
) -> None:
    reader = Reader(read)
    verdict = verdicts.judge(reader, [reader])
    assert (verdict.lost, verdict.doubled, verdict.out_of_order, verdict.kept) == (lost, doubled, out_of_order, kept)


def test_an_entry_elsewhere_than_it_was_acknowledged_is_out_of_order() -> None:
    reader = Reader("ab")
    reader.read.append((2.5, {"seq": 4, "id": "c"}))
    assert verdicts.judge(reader, [reader]).out_of_order == 1


def test_a_drill_in_which_nothing_was_acknowledged_is_no_success() -> None:
    reader = Reader("")
    reader.acknowledged = {}
    assert not verdicts.judge(reader, [reader]).kept


def test_latency_is_from_first_sending_to_reading() -> None:
    reader = Reader("abc")
    verdict = verdicts.judge(reader, [reader])
    assert verdict.latencies == [0.5, 0.5, 0.5]
    assert verdict.silence == 1.0
    assert verdicts.percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert verdicts.percentile([], 99) == 0
