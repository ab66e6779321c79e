"""`python -m bench`: measures the chat beside others, prints each figure with its target, and writes the report."""

import argparse
import os
import signal
import sys
import time
from contextlib import closing

from bench import report
from bench.loop import LoadError
from bench.measures import Figure, Plan, Row, say
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
    others = os.getloadavg()[0]
    disturbed = f"Other programs used the machine (load {others:.1f} at the start): worse figures, and less alike."
    if others > BUSY:
        say(f"  {disturbed}")
    start = time.monotonic()
    rows: list[Row] = []
    failures: list[str] = []
    durations: dict[str, float] = {}
    print(report.heading())
    for name in ask.only or (QUICK if ask.quick else SCENARIOS):
        begun = time.monotonic()
        try:
            for row in _measured(name, plan, ask.runs or (1 if ask.quick else RUNS)):
                rows.append(row)
                print(report.line(row), flush=True)
        except (LoadError, ProcessError, SeedError) as error:
            failures.append(f"{name} could not be measured: {error}")
            print(failures[-1], file=sys.stderr)
        durations[name] = time.monotonic() - begun
        say(f"  {name} took {durations[name]:.0f} s")
    say(f"  everything took {time.monotonic() - start:.0f} s")
    if not ask.quick and not ask.only:
        report.write(rows, failures, durations, disturbed if others > BUSY else "")
    return 1 if failures else 0


def _measured(name: str, plan: Plan, runs: int) -> list[Row]:
    """The figures of so many runs of one scenario, or as many as it has at most."""
    scenario = SCENARIOS[name]
    runs = min(runs, scenario.most or runs)
    found: list[list[Figure]] = []
    with closing(scenario.runs(plan)) as measuring:
        for run in range(runs):
            say(f"{name}, run {run + 1} of {runs}")
            found.append(next(measuring))
    return [Row(same) for same in zip(*found, strict=True)]


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
