"""Redis behind TLS: verified, unless the operator says otherwise."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.conftest import Connect
from tests.support.clients import unique
from tests.support.drill import Drill
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.servers import Server
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody knows, as that of a self-signed certificate."""
    return trustme.CA()


@pytest.fixture
def tls(own_redis: Redis, authority: trustme.CA, start_proxy: Callable[..., Proxy]) -> Proxy:
    """A way to Redis that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return start_proxy(own_redis.port, tls=context)


def drilled(server: Server, tls: Proxy, start_drill: Callable[..., Drill], connect_to: Connect) -> None:
    """Check that all goes well, also where connections break, and on the message queue too."""
    ada = connect_to(server, unique("Ada"))
    ben = connect_to(server, unique("Ben"), not_on=server.worker_of(ada.port()))
    eventually(lambda: ada.ok("typing", {"room": "work", "on": True}) and ben.got("typing", on=True))
    drill = start_drill(server)
    for _ in range(3):
        tls.cut()
        drill.flow()
    assert drill.verify() < 10


def test_an_unknown_certificate_is_refused_by_default(start_server: Callable[..., Server], tls: Proxy) -> None:
    server = start_server(REDIS_URL=tls.redis_url, ready=False)
    eventually(lambda: not server.answers() and "CERTIFICATE_VERIFY_FAILED" in server.log, within=20)


def test_an_unknown_certificate_is_taken_where_verifying_is_off(
    start_server: Callable[..., Server], tls: Proxy, start_drill: Callable[..., Drill], connect_to: Connect
) -> None:
    drilled(start_server(REDIS_URL=tls.redis_url, CHAT_REDIS_VERIFY="off"), tls, start_drill, connect_to)


def test_a_certificate_is_verified_by_an_authority_of_ones_own(
    start_server: Callable[..., Server],
    tls: Proxy,
    start_drill: Callable[..., Drill],
    connect_to: Connect,
    authority: trustme.CA,
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    drilled(start_server(REDIS_URL=f"{tls.redis_url}?ssl_ca_certs={bundle}"), tls, start_drill, connect_to)
