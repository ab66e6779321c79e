"""A report has the median of the runs, and says what it does not know."""

from xml.etree import ElementTree

from bench import plot, report
from bench.measures import Figure, Row, Target


def row(*values: float, what: str = "chat as a multiple of node", floor: bool = False) -> Row:
    return Row([Figure("capacity", what, value, "x", Target(12, at_least=True), floor=floor) for value in values])


def test_a_row_is_the_median_of_its_runs() -> None:
    three = row(14, 11, 90)
    assert (three.value, three.low, three.high) == (14, 11, 90)
    assert report.line(three).endswith("14.0 x        ≥ 12 x  met")


def test_what_the_load_held_back_is_told_as_at_least() -> None:
    assert "at least 14.0 x" in report.line(row(14, 13, 15, floor=True))
    assert "at least" not in report.line(row(14, 13, 15))
    assert report.line(row(9, floor=True)).endswith("not shown")
    assert report.line(row(9)).endswith("missed")


def test_the_plot_is_drawn_with_a_bar_for_each_server() -> None:
    rows = [row(2.0, 1.0, what=f"{kind}: deliveries a second, 1,000 clients") for kind in ("chat", "node", "stock")]
    drawn = ElementTree.fromstring(plot.draw(rows))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 3
