"""Where a library below is not the one that the chat knows, the start ends with one sentence."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chat import upstreams
from tests.support.servers import BIN, SECRET, Server

PARTS = [(name, part) for name, parts in upstreams.PARTS.items() for part in parts.split()]
WAYS = {
    "gunicorn": [str(BIN / "gunicorn"), "app:app"],
    "flask run": [str(BIN / "flask"), "run"],
    "python app.py": [sys.executable, "app.py"],
}
StartWithout = Callable[[str, str], Server]


@pytest.mark.parametrize(("name", "missing"), PARTS)
@pytest.mark.parametrize("kind", [lambda parts: SimpleNamespace(**dict.fromkeys(parts)), dict.fromkeys])
def test_each_part_is_looked_for(name: str, missing: str, kind: Callable[[list[str]], object]) -> None:
    upstreams.check(name, kind(upstreams.PARTS[name].split()))
    with pytest.raises(upstreams.UpstreamError, match=f"^{name} has no {missing} any more. Install the versions that"):
        upstreams.check(name, kind([part for part in upstreams.PARTS[name].split() if part != missing]))


# Python runs it before all else. The part goes when its module is imported, not before: patching has to come first.
LACKING = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if name == "{module}":
            load = spec.loader.exec_module
            def exec_module(module):
                load(module)
                del module.{part}
            spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder)
"""


@pytest.fixture
def start_without(tmp_path: Path, redis_url: str) -> Iterator[StartWithout]:
    """Starts the chat in one of its ways, with a library that lacks something."""
    started: list[Server] = []

    def start(way: str, lack: str) -> Server:
        module, part = lack.split(":")
        (tmp_path / "sitecustomize.py").write_text(LACKING.format(module=module, part=part))
        settings = {"REDIS_URL": redis_url, "SECRET_KEY": SECRET, "PYTHONPATH": str(tmp_path)}
        started.append(Server(tmp_path / "chat", command=WAYS[way], **settings))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.mark.parametrize(
    ("way", "lack", "said"),
    [
        *((way, "engineio.base_server:BaseServer._upgrades", "engineio.Server has no _upgrades") for way in WAYS),
        *((way, "socketio.base_manager:BaseManager.get_participants", "socketio.RedisManager has no") for way in WAYS),
        ("gunicorn", "gunicorn.workers.base_async:AsyncWorker.handle_request", "gunicorn.AsyncWorker has no"),
        ("gunicorn", "eventlet.wsgi:WSGI_LOCAL", "eventlet.wsgi has no WSGI_LOCAL"),
    ],
)
def test_a_missing_part_ends_the_start_with_a_sentence(
    start_without: StartWithout, way: str, lack: str, said: str
) -> None:
    server = start_without(way, lack)
    assert server.popen.wait(20) != 0
    assert server.log.count(f"The chat cannot start: {said}") == 1
    assert "Traceback" not in server.log
