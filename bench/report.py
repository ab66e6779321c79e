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

Written by `make bench`. Each figure is the median of as many runs as stand beside it, with the lowest and the highest
of them; a multiple is taken in each run, and then its median.

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
- Servers run on the first core; the load, and a Redis in memory alone, on the last. The CPU of a server is that of all
  its processes, without Redis.
- Everything is on the loopback interface, over WebSocket without compression. The chat's flood limits are off.
- Messages are sent on schedule, whatever the answers do, by {SPREAD} clients in the room; a message's latency counts
  from when it was due. Every delivery is counted; {SPREAD} more clients, spread among the others, read theirs, see that
  no `seq` is missing or repeated, and take the latencies.
- What can be sustained is the highest rate at which, for two seconds, everything arrived and 99 % of it within
  100 ms: doubled until it is too much, then narrowed to within {PRECISION - 1:.0%}; later runs begin where the one
  before ended. What nearly can is tried once more. "At least" stands where the load's core was full, and the server's
  was not; a target that is not reached so is neither met nor missed.
- calm, steady and capacity are parts of one visit to each server, whose room grows from 100 clients to 1,000 and
  5,000.
- Overload follows a search of its own, with 100 clients of which 80 send; its share is of the deliveries a second
  counted at the rate found. At twice that rate a sender has ten messages unanswered at most, as ten browsers would,
  each of which sends one at a time: late answers slow them down.
- In the storm everybody comes at once. Those of the chat are people it knows, each with the session cookie of a
  browser, who join their room again and are sent the 20 messages that they missed; a bare connection has no cookie,
  and asks for nothing.
- Two workers are on the core of the one that they are compared with, and each has half of the connections.
- The long room of history is filled once for all runs.
- For the store's figures 200 clients in rooms of ten post at a fixed rate; further workers, none of whose clients is in
  those rooms, read the bus meanwhile. A message is of some 20 characters.
- Memory is the resident memory of the processes that serve; a connection's is the growth over all connections.
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
