"""The report: lines for the terminal, and docs/benchmarks.md beside its plot, docs/benchmarks.svg."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from bench import plot
from bench.load import SPREAD
from bench.measures import Row
from bench.processes import CHECKOUT, CORES, PEERS, redis_version
from bench.search import PRECISION

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"
PLOT = CHECKOUT / "docs" / "benchmarks.svg"


def heading() -> str:
    """The line above the figures."""
    return f"{'':76}{'measured':>21}  {'target':>12}"


def line(row: Row) -> str:
    """A figure as a line for the terminal, its target beside it."""
    return f"{row.part + ': ' + row.what:76}{_with_unit(row):>21}  {_target(row):>12}  {_verdict(row)}".rstrip()


def write(rows: list[Row], failures: list[str], durations: dict[str, float], disturbed: str) -> None:
    """Write the report of a whole run.

    Args:
        failures: sentences on what could not be measured.
        durations: the seconds that each scenario took.
        disturbed: a sentence on who else used the machine; empty if nobody did.
    """
    table = [
        f"| {row.part} | {row.what} | {_with_unit(row)} | {_spread(row)} | {len(row.figures)} | {_target(row)}"
        f" | {_verdict(row)} |"
        for row in rows
    ]
    unmeasured = "\n" + "".join(f"- {each}\n" for each in failures) if failures else ""
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in durations.items())
    DOCUMENT.write_text(
        f"""# Benchmarks

![Deliveries a second, and what one costs](benchmarks.svg)

Written by `make bench`. Each figure is the median of its runs, with the lowest and the highest beside it; a multiple
is calculated in each run before the median is taken.

| scenario | | measured | from, to | runs | target | |
| --- | --- | ---: | ---: | ---: | ---: | --- |
{chr(10).join(table)}
{unmeasured}
## The machine

{_machine(disturbed)}

## The method

- `node` is Node's Socket.IO with its Redis adapter, `stock` is Flask-SocketIO with its message queue under gunicorn's
  eventlet worker. Neither stores anything; both send what the chat sends. Each server is one process, unless a line
  says otherwise. In each run they are measured one right after the other.
- Servers run on the first core; the load generator and an in-memory Redis run on the last. A server's CPU is that of
  all its processes, without Redis.
- Everything runs over the loopback interface, by WebSocket without compression. The chat's rate limits are off.
- {SPREAD} clients in the room send messages on schedule, whether answers come or not; latency counts from when a
  message was due. Every delivery is counted. {SPREAD} more clients, spread among the others, parse theirs, check that
  no `seq` is missing or repeated, and measure the latencies.
- A rate is sustained if, for two seconds, everything arrived, 99 % of it within 100 ms. The search doubles the rate
  until it is too high, then narrows it to within {PRECISION - 1:.0%}; later runs start where the previous one ended. A
  rate that nearly passes is tried once more. "At least" means that the load generator's core was full and the server's
  was not; a target that is not reached then is neither met nor missed.
- Calm, steady and capacity are parts of one visit to each server, in a room that grows from 100 clients to 1,000 and
  5,000.
- Overload has a search of its own, with 100 clients of which 80 send; its share is relative to the deliveries a second
  at the rate found. At twice that rate a sender has at most ten unanswered messages, like ten browsers that send one
  at a time: late answers slow them down.
- In the storm everybody connects at once. The chat's clients are known people, each with a browser's session cookie,
  who rejoin their room and get the 20 messages that they missed. A bare connection has no cookie, and requests
  nothing.
- Two workers share the core of the one that they are compared with, and each has half of the connections.
- The long room for history is filled once for all runs.
- For the store's figures 200 clients in rooms of ten post at a fixed rate, while further workers, none of whose clients
  is in those rooms, read the bus. A message has about 20 characters.
- Memory is the resident memory of the serving processes; a connection's is the growth over all connections.
- It took {took}.
""",
        encoding="utf-8",
    )
    PLOT.write_text(plot.draw(rows), encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.{0 if abs(value) >= 100 or value == 0 else 1 if abs(value) >= 10 else 2}f}"


def _with_unit(row: Row) -> str:
    return f"{'at least ' if row.floor else ''}{_number(row.value)} {row.unit}".rstrip()


def _spread(row: Row) -> str:
    return f"{_number(row.low)}, {_number(row.high)}" if len(row.figures) > 1 else ""


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return f"{'≥' if row.target.at_least else '≤'} {row.target.limit:,.10g} {row.unit}".rstrip()


def _verdict(row: Row) -> str:
    if row.target is None:
        return ""
    if row.target.met(row.value):
        return "met"
    return "not shown" if row.floor and row.target.at_least else "missed"


def _machine(disturbed: str) -> str:
    memory = psutil.virtual_memory().total / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    peers = msgspec.json.decode((PEERS / "package.json").read_bytes())["dependencies"]
    packages = ("eventlet", "Flask-SocketIO", "python-socketio", "gunicorn", "redis")
    cores = f"{os.cpu_count()} cores, of which {len({CORES[0], CORES[-1]})} are used"
    lines = [
        f"{_processor()}, {cores}, {memory:.0f} GiB of memory, {platform.system()} {kernel}",
        f"Python {platform.python_version()}, {', '.join(f'{each} {version(each)}' for each in packages)}",
        f"Node.js {node.removeprefix('v')}, {', '.join(f'{name} {number}' for name, number in peers.items())}",
        f"Redis {redis_version()}",
        *([disturbed] if disturbed else []),
    ]
    return "\n".join(f"- {each}" for each in lines)


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()
