"""The files of pages: built, under an address that changes with them, or as they are."""

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chat import create_app
from chat.config import Config
from tests.support.servers import CHECKOUT, SECRET

OF_ANOTHER = "0123456789abcdef"
Serve = Callable[..., FlaskClient]


class Browser(FlaskClient):
    """Reads answers to their end, as browsers do."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Ask for something."""
        return super().open(*args, **(options | {"buffered": True}))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build is made of, and the build."""
    origin = tmp_path_factory.mktemp("origin")
    for folder in ("static", "scripts"):
        shutil.copytree(CHECKOUT / folder, origin / folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CHECKOUT / name, origin)
    for linked in ("templates", "node_modules"):
        (origin / linked).symlink_to(CHECKOUT / linked)
    build(origin)
    return origin


@pytest.fixture
def built(origin: Path, tmp_path: Path) -> Path:
    """A checkout with a build, which the test may change."""
    return shutil.copytree(origin, tmp_path / "checkout", symlinks=True)


@pytest.fixture
def serve(redis_url: str) -> Serve:
    """Serves the chat of a checkout in this process."""

    def make(checkout: Path, **settings: object) -> FlaskClient:
        config = Config(redis_url=redis_url, secret_key=SECRET, checkout=checkout, **settings)  # type: ignore[arg-type]
        app = create_app(config)
        app.test_client_class = Browser
        return app.test_client()

    return make


def build(checkout: Path) -> None:
    """Do what set-up does."""
    subprocess.run(["node", "scripts/build.mjs"], cwd=checkout, check=True)


def named(client: FlaskClient, path: str = "/") -> str:
    """The stylesheet that a page names."""
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def test_a_build_has_an_address_of_its_own_and_is_kept_for_a_year(built: Path, serve: Serve) -> None:
    client = serve(built)
    address = named(client)
    assert re.fullmatch(r"/static/[0-9a-f]{16}/css/all\.css", address)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answer.mimetype == "text/css"
    assert "Set-Cookie" not in answer.headers
    assert client.head(address).status_code == 200
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get(address, headers={"Range": "bytes=0-9"}).get_data() == answer.get_data()[:10]
    assert client.post(address).status_code == 405


def test_a_build_has_all_that_pages_name(built: Path, serve: Serve) -> None:
    templates = "".join(path.read_text() for path in (CHECKOUT / "templates").rglob("*.html"))
    names = set(re.findall(r"url_for\('static', filename='([^']+)'\)", templates)) - {"vendor/socket.io.esm.min.js"}
    client = serve(built)
    folder = named(client).removesuffix("css/all.css")
    assert len(names) > 3
    assert {name: client.get(folder + name).status_code for name in names} == dict.fromkeys(names, 200)


@pytest.mark.parametrize(("accepted", "sent"), [("gzip", "gzip"), ("gzip, br", "br"), ("identity", None)])
def test_files_come_as_the_browser_takes_them(built: Path, serve: Serve, accepted: str, sent: str | None) -> None:
    client = serve(built)
    address = named(client)
    answer = client.get(address, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == sent
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = client.get(address).get_data()
    assert (len(answer.get_data()) < len(plain) / 3) == bool(sent)
    if sent == "gzip":
        assert gzip.decompress(answer.get_data()) == plain


def test_a_page_of_another_version_gets_the_present_files_and_no_cache_keeps_them(built: Path, serve: Serve) -> None:
    client = serve(built)
    present = named(client)
    answer = client.get(f"/static/{OF_ANOTHER}/css/all.css")
    assert answer.get_data() == client.get(present).get_data()
    assert answer.headers["Cache-Control"] == "max-age=0, public"
    assert client.get(f"/static/{OF_ANOTHER}/nothing.css").status_code == 404


def test_a_page_that_was_open_before_an_upgrade_finds_its_own_files(built: Path, serve: Serve) -> None:
    before = named(serve(built))
    (built / "static/css/base.css").write_text("body { color: red; }")
    build(built)
    client = serve(built)
    after = named(client)
    assert before != after
    old, new = client.get(before), client.get(after)
    assert b"red" in new.get_data() and b"body{color:red}" not in old.get_data()
    assert "immutable" in old.headers["Cache-Control"]


def test_only_the_newest_builds_are_kept(built: Path) -> None:
    for number in range(3):
        (built / "static/css/base.css").write_text(f"body {{ margin: {number}px; }}")
        build(built)
    assert len(list((built / "dist").iterdir())) == 3


def test_what_was_changed_after_the_build_is_served_as_it_is(built: Path, serve: Serve) -> None:
    (built / "static/js/app.js").write_text("// Changed.")
    client = serve(built)
    assert named(client) == "/static/css/all.css"
    answer = client.get("/static/js/app.js")
    assert answer.get_data() == b"// Changed."
    assert answer.headers["Cache-Control"] == "no-cache"


def test_while_developing_each_change_is_there_at_once(
    built: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = serve(built)
    assert named(client) == "/static/css/all.css"
    sheet = "/static/css/base.css"
    before = client.get(sheet)
    assert before.headers["Cache-Control"] == "no-cache"
    (built / "static/css/base.css").write_text("body { color: red; }")
    os.utime(built / "static/css/base.css", (1, 1))
    after = client.get(sheet, headers={"If-None-Match": before.headers["ETag"]})
    assert after.get_data() == b"body { color: red; }"
    assert client.get(sheet, headers={"If-None-Match": after.headers["ETag"]}).status_code == 304


def test_without_a_build_pages_name_the_modules(built: Path, serve: Serve) -> None:
    shutil.rmtree(built / "dist")
    client = serve(built)
    assert client.get(named(client)).status_code == 200


def test_files_are_found_below_a_path(built: Path, serve: Serve) -> None:
    client = serve(built, prefix="/chat")
    address = named(client, "/chat/")
    assert address.startswith("/chat/static/")
    assert client.get(address).status_code == client.get(address.removeprefix("/chat")).status_code == 200


@pytest.mark.parametrize(
    "path", ["../app.py", "%2e%2e/app.py", "..%2f..%2fapp.py", "css/../../../package.json", "%2fetc/passwd", "", "css"]
)
def test_nothing_but_the_files_is_served(built: Path, serve: Serve, path: str) -> None:
    client = serve(built)
    folder = named(client).removesuffix("css/all.css")
    for prefix in (folder, f"/static/{OF_ANOTHER}/", "/static/present/", "/static/"):
        # Where slashes meet, the way is told first.
        assert client.get(prefix + path, follow_redirects=True).status_code == 404


def test_files_have_the_security_headers_of_pages(built: Path, serve: Serve) -> None:
    client = serve(built, hosts=("chat.example.org",))
    address = named(client, "/")
    page, file = client.get("/"), client.get(address)
    for name in (
        *("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"),
        *("Cross-Origin-Opener-Policy", "Permissions-Policy"),
    ):
        assert file.headers.getlist(name) == page.headers.getlist(name) != []
    assert "Access-Control-Allow-Origin" not in file.headers
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 421


def test_pages_have_every_stylesheet() -> None:
    sheets = CHECKOUT / "static/css"
    imported = re.findall(r'@import "([^"]+)";', (sheets / "all.css").read_text())
    assert sorted([*imported, "all.css"]) == sorted(path.name for path in sheets.iterdir())
