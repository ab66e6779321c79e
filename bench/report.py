"""The report: lines for the terminal, docs/benchmarks.md, and its plot, docs/benchmarks.svg."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from bench.load import SPREAD
from bench.measures import PRECISION, Figure
from bench.processes import CHECKOUT, CORES, PEERS, redis_version

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"
PLOT = CHECKOUT / "docs" / "benchmarks.svg"
COLOURS = {"chat": "#2563eb", "node": "#6b7280", "stock": "#d1d5db"}
WIDTH, LEFT, RIGHT, BAR, GAP = 760, 150, 110, 22, 34


def heading() -> str:
    """The line above the figures."""
    return f"{'':68}{'measured':>14}  {'target':>12}"


def line(figure: Figure) -> str:
    """A figure as a line for the terminal, its target beside it."""
    return (
        f"{figure.part + ': ' + figure.what:68}{_value(figure):>14}  {_target(figure):>12}  {_verdict(figure)}".rstrip()
    )


def write(figures: list[Figure], failures: list[str], runs: int) -> None:
    """Write the report of a whole run, each figure the median of so many, and what could not be measured."""
    rows = [f"| {each.part} | {each.what} | {_value(each)} | {_target(each)} | {_verdict(each)} |" for each in figures]
    unmeasured = "\n" + "".join(f"- {each}\n" for each in failures) if failures else ""
    DOCUMENT.write_text(
        f"""# Benchmarks

![Deliveries a second, and what one costs](benchmarks.svg)

Written by `make bench`. Each figure is the median of {runs} runs.

| scenario | | measured | target | |
| --- | --- | ---: | ---: | --- |
{chr(10).join(rows)}
{unmeasured}
## The machine

{_machine()}

## The method

- `node` is Node's Socket.IO with its Redis adapter, `stock` is Flask-SocketIO with its message queue under gunicorn's
  eventlet worker. Neither stores anything; both send what the chat sends. Each server is one process, unless a line
  says otherwise.
- Servers run on the first core; the load, and a Redis in memory alone, on the last. The CPU of a server is that of all
  its processes, without Redis.
- Everything is on the loopback interface, over WebSocket without compression. The chat's flood limits are off.
- Messages are sent on schedule, whatever the answers do, by {SPREAD} clients in the room; a message's latency counts
  from when it was due. Every delivery is counted; {SPREAD} more clients, spread among the others, read theirs, see that
  no `seq` is missing or repeated, and take the latencies.
- What can be sustained is the highest rate at which, for three seconds, everything arrived and 99 % of it within
  100 ms: doubled until it is too much, then narrowed to within {PRECISION - 1:.0%}. What fails is tried once more.
- Memory is the resident memory of the processes that serve; a connection's is the growth over all connections.
""",
        encoding="utf-8",
    )
    PLOT.write_text(_plot(figures), encoding="utf-8")


def _value(figure: Figure) -> str:
    digits = 0 if figure.value >= 100 else 1 if figure.value >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".rstrip()


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≥' if figure.target.at_least else '≤'} {figure.target.limit:,.10g} {figure.unit}".rstrip()


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return "met" if figure.target.met(figure.value) else "missed"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    peers = msgspec.json.decode((PEERS / "package.json").read_bytes())["dependencies"]
    packages = ("eventlet", "Flask-SocketIO", "python-socketio", "gunicorn", "redis")
    cores = f"{os.cpu_count()} cores, of which {len({CORES[0], CORES[-1]})} are used"
    return "\n".join(
        (
            f"- {_processor()}, {cores}, {memory:.0f} GiB of memory, {platform.system()} {kernel}",
            f"- Python {platform.python_version()}, {', '.join(f'{each} {version(each)}' for each in packages)}",
            f"- Node.js {node.removeprefix('v')}, {', '.join(f'{name} {number}' for name, number in peers.items())}",
            f"- Redis {redis_version()}",
        )
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _plot(figures: list[Figure]) -> str:
    """Bars by hand: what each server delivers, and what a delivery costs it."""
    panels = [
        ("Deliveries a second into one room, p99 under 100 ms, 1,000 clients", r"deliveries a second, 1,000 clients"),
        ("Deliveries a second into one room, p99 under 100 ms, 5,000 clients", r"deliveries a second, 5,000 clients"),
        ("Microseconds of a server's CPU for one delivery, 1,000 clients, 50 messages a second", r"CPU a delivery"),
    ]
    shapes: list[str] = []
    y = GAP
    for title, pattern in panels:
        bars = [
            (kind, each.value) for each in figures for kind in COLOURS if re.match(rf"{kind}: .*{pattern}", each.what)
        ]
        if not bars:
            continue
        shapes.append(f'<text x="20" y="{y}" font-weight="600">{title}</text>')
        y += 12
        most = max(value for _, value in bars) or 1
        for kind, value in bars:
            width = (WIDTH - LEFT - RIGHT) * value / most
            shapes.append(f'<text x="{LEFT - 10}" y="{y + 16}" text-anchor="end">{kind}</text>')
            shapes.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[kind]}"/>')
            shapes.append(f'<text x="{LEFT + width + 8:.1f}" y="{y + 16}">{value:,.{0 if value >= 100 else 1}f}</text>')
            y += BAR + 6
        y += GAP
    drawn = "\n  ".join(shapes)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y - 10}" viewBox="0 0 {WIDTH} {y - 10}"
  font-family="system-ui, sans-serif" font-size="14" fill="#111827" role="img">
  <title>Deliveries a second, and what one costs, of the chat and of others</title>
  <rect width="100%" height="100%" fill="#ffffff"/>
  {drawn}
</svg>
"""
