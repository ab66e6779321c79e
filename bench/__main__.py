"""`python -m bench`: measures the chat beside others, prints each figure with its target, and writes the report."""

import argparse
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from bench import report
from bench.loop import LoadError
from bench.measures import Figure, Plan, say
from bench.processes import ProcessError, prepare
from bench.scenarios import QUICK, SCENARIOS
from bench.seeds import SeedError

RUNS = 5
BUSY = 0.5
"""The load average from which on it is told that others use the machine."""


def main() -> int:
    """Run what the command line asks for; 1 if something could not be measured."""
    ask = _arguments()
    # As an exception, so that servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    plan = Plan(quick=ask.quick, files=prepare())
    start = time.monotonic()
    others = os.getloadavg()[0]
    if others > BUSY:
        say(f"  Other programs use this machine (load {others:.1f}): figures will be worse and differ more.")
    figures: list[Figure] = []
    failures: list[str] = []
    print(report.heading())
    for name in ask.only or (QUICK if ask.quick else SCENARIOS):
        try:
            for figure in _measured(name, plan, ask.runs or (1 if ask.quick else RUNS)):
                figures.append(figure)
                print(report.line(figure), flush=True)
        except (LoadError, ProcessError, SeedError) as error:
            failures.append(f"{name} could not be measured: {error}")
            print(failures[-1], file=sys.stderr)
    say(f"  {time.monotonic() - start:.0f} s")
    if not ask.quick and not ask.only:
        report.write(figures, failures, ask.runs or RUNS)
    return 1 if failures else 0


def _measured(name: str, plan: Plan, runs: int) -> Iterator[Figure]:
    """The figures of one scenario, each the median of so many runs."""
    rows: list[list[Figure]] = []
    for run in range(runs):
        say(f"{name}, run {run + 1} of {runs}")
        rows.append(list(SCENARIOS[name](plan)))
    for same in zip(*rows, strict=True):
        yield replace(same[0], value=statistics.median(each.value for each in same))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the most telling part, once, printed only")
    parser.add_argument("--runs", type=_whole, help=f"how often each is measured, for the median (default: {RUNS})")
    parser.add_argument(
        "--only", action="append", choices=list(SCENARIOS), metavar="NAME", help=f"only this: {', '.join(SCENARIOS)}"
    )
    return parser.parse_args()


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
