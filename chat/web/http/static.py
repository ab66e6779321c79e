"""The files of pages: joined and compressed, under an address that changes with them, or as they are in `static/`.

`scripts/build.mjs` makes `dist/<version>/` out of `static/`, where the version is a hash of all that goes into it. So a
build is used for just what it was made of: whoever changes a file and builds nothing sees the file.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from chat.web.http.headers import ALWAYS, policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

YEAR = 31_536_000
VERSION = re.compile(r"[0-9a-f]{16}", re.ASCII)
VERSIONED = re.compile(r"/static/[0-9a-f]{16}/(?=.)", re.ASCII)
# Where the files of this version are for pages of another.
PRESENT = "/static/present/"


def init_app(app: Flask) -> None:
    """Have pages name the files of the build, if these very sources were built."""
    version = "" if app.debug else _version(Path(app.root_path))
    app.extensions["static"] = version
    app.jinja_env.globals["script_modules"] = [] if version else _modules(Path(app.root_path, "static"))
    if version:

        @app.url_defaults
        def versioned(endpoint: str, values: dict[str, Any]) -> None:
            if endpoint == "static":
                values["filename"] = f"{version}/{values['filename']}"


def serve(app: Flask) -> None:
    """Serve the builds. Without one of these sources, Flask's own view serves `static/`, and has it asked for anew."""
    version = app.extensions["static"]
    if version:
        app.wsgi_app = _Builds(app.wsgi_app, Path(app.root_path, "dist"), version)  # type: ignore[method-assign]


class _Builds(WhiteNoise):  # type: ignore[misc]
    """Serves each build that is there under its own address. A page of one that is no longer there, or, from another
    machine, not there yet, gets the present files, which no cache may keep under that address."""

    FOREVER = YEAR

    def __init__(self, app: "WSGIApplication", builds: Path, version: str) -> None:
        super().__init__(
            app,
            max_age=0,
            allow_all_origins=False,
            add_headers_function=_secure,
            immutable_file_test=lambda path, url: not url.startswith(PRESENT),
        )
        self._prefixes = {PRESENT: builds / version}
        self._prefixes |= {f"/static/{each.name}/": each for each in builds.iterdir() if VERSION.fullmatch(each.name)}
        for prefix, folder in self._prefixes.items():
            self.add_files(folder, prefix)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if (asked := VERSIONED.match(path)) and asked[0] not in self._prefixes:
            environ["PATH_INFO"] = PRESENT + path[asked.end() :]
        return super().__call__(environ, start_response)  # type: ignore[no-any-return]


def _secure(headers: Headers, path: str, url: str) -> None:
    headers["Content-Security-Policy"] = policy()
    for name, value in ALWAYS.items():
        headers[name] = value


def _version(checkout: Path) -> str:
    """The version that is to be served: that of the sources, if it was built. The same as in `scripts/build.mjs`."""
    builds = checkout / "dist"
    if not builds.is_dir():
        return ""
    names = ["package-lock.json", "scripts/build.mjs"]
    names += [path.relative_to(checkout).as_posix() for path in (checkout / "static").rglob("*") if path.is_file()]
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(name.encode() + b"\0" + (checkout / name).read_bytes() + b"\0")
    version = found.hexdigest()[:16]
    return version if (builds / version).is_dir() else ""


def _modules(static: Path) -> list[str]:
    scripts = sorted((static / "js").rglob("*.js"))
    return ["vendor/socket.io.esm.min.js", *(path.relative_to(static).as_posix() for path in scripts)]
