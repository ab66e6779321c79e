"""What tests start from: a real Redis, real servers, real clients."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from chat.config import Config
from chat.domain import Chat
from chat.store import private_redis
from chat.store.connection import Store
from tests.support.clients import Client, NodeClient, PythonClient, unique
from tests.support.redis import Redis
from tests.support.servers import SECRET, Server
from tests.support.waiting import eventually

Connect = Callable[..., Client]
pytest_plugins = ["tests.support.browsers"]
SERVING = {"two_workers", "new_server", "start_server", "checkout", "on_a_socket", "browser"}
"""The fixtures that need a server of the chat's."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server: `make check` leaves it out."""
    for item in items:
        if SERVING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.served)


@pytest.fixture(scope="session", autouse=True)
def quiet_environment() -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith(("CHAT_", "FLASK_")) or name in ("REDIS_URL", "PORT")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Redis of the tests' own."""
    return private_redis.use(tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="session")
def config(redis_url: str) -> Config:
    """The settings that the shared server runs with."""
    return Config(redis_url=redis_url, secret_key=SECRET, rate_limit=False)


@pytest.fixture(scope="session")
def store(config: Config) -> Store:
    """The store that the shared server uses."""
    assert config.redis_url
    return Store(config.redis_url)


@pytest.fixture(scope="session")
def chat(store: Store, config: Config) -> Chat:
    """The shared server's chat, from this process."""
    return Chat(store, config)


@pytest.fixture(scope="session")
def two_workers(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn with two eventlet workers, flood limits lifted."""
    server = Server(
        tmp_path_factory.mktemp("server"),
        REDIS_URL=redis_url,
        SECRET_KEY=SECRET,
        CHAT_NAME="Harbour",
        CHAT_RATE_LIMIT="off",
        CHAT_LOG_LEVEL="debug",
    ).started()
    eventually(lambda: len(server.worker_pids()) == 2, what="both workers are up")
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
def server(two_workers: Server) -> Server:
    """The shared server."""
    return two_workers


@pytest.fixture
def new_server(tmp_path: Path, redis_url: str) -> Iterator[Callable[..., Server]]:
    """Starts servers for one test alone, with settings of their own."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        folder = tmp_path / f"server{len(started)}"
        given = {"REDIS_URL": redis_url, "SECRET_KEY": SECRET, "CHAT_RATE_LIMIT": "off"} | settings
        started.append(Server(folder, **{name: value for name, value in given.items() if value}))
        return started[-1].started()

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def connect_to() -> Iterator[Connect]:
    """Connects clients to a server, python-socketio's unless told otherwise, that are closed after the test."""
    clients: list[Client] = []

    def make(to: Server, name: str = "", kind: type[Client] = PythonClient, *, not_on: int = 0) -> Client:
        while True:
            client = kind(to.url)  # type: ignore[call-arg]
            clients.append(client)
            # The kernel chooses the worker: until it chose another, try again.
            if not not_on or to.worker_of(client.port()) != not_on:
                return client.named(name) if name else client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def connect(server: Server, connect_to: Connect) -> Connect:
    """Connects clients to the shared server."""
    return partial(connect_to, server)


@pytest.fixture
def ada(connect: Connect) -> Client:
    """Ada, on a python-socketio client, in the default room."""
    return connect(unique("Ada"))


@pytest.fixture
def ben(connect: Connect, server: Server, ada: Client) -> Client:
    """Ben, on an official JavaScript client, at the other worker than Ada, in the default room."""
    return connect(unique("Ben"), NodeClient, not_on=server.worker_of(ada.port()))


@pytest.fixture
def room(chat: Chat) -> str:
    """A room that nobody was in yet."""
    founder = chat.people.claim(unique("Founder"), "127.0.0.1")
    return chat.rooms.create(unique("room"), "", founder).id


@pytest.fixture(scope="session")
def spare_redis_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Redis that is emptied for each test that uses it."""
    return private_redis.use(tmp_path_factory.mktemp("spare"))


@pytest.fixture
def own_chat(spare_redis_url: str) -> Chat:
    """A chat on an empty Redis that no other test uses meanwhile, and which the test may empty."""
    store = Store(spare_redis_url)
    store.redis.flushall()
    return Chat(store, Config(redis_url=spare_redis_url, rate_limit=False))


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Callable[[], Redis]]:
    """Starts Redis servers that the test may break."""
    started: list[Redis] = []

    def start(primary: Redis | None = None) -> Redis:
        folder = tmp_path / f"redis{len(started)}"
        started.append(primary.replica(folder) if primary else Redis(folder))
        return started[-1]

    yield start
    for each in started:
        each.thaw()
        each.kill()


@pytest.fixture
def own_redis(start_redis: Callable[[], Redis]) -> Redis:
    """A Redis that the test may break."""
    return start_redis()
