"""Browsers without a script, as far as requests and forms go, in this process."""

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Visitor:
    """One browser: the page that is open, its path and headers."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.html = ""

    def get(self, path: str) -> int:
        """Open a page, and return its status after redirects."""
        return self._opened(self.client.get(path, follow_redirects=True))

    def submit(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> int:
        """Send the form of the page that is open, with what it hides."""
        data = self.hidden(path) | fields
        assert data["csrf_token"], self.html
        return self._opened(self.client.post(path, data=data, headers=headers, follow_redirects=True))

    def hidden(self, path: str) -> dict[str, str]:
        """What the page's form for a path hides."""
        form = self.html.partition(f'action="{path}"')[2].partition("</form>")[0]
        fields = re.findall(r'<input[^>]* name="(\w+)"[^>]* type="hidden" value="([^"]*)"', form)
        fields += re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.html)
        return {"csrf_token": token[1] if token else ""} | {name: html.unescape(value) for name, value in fields}

    def named(self, name: str) -> "Visitor":
        """Come in under a name."""
        self.get("/")
        assert self.submit("/", name=name) == 200
        return self

    def _opened(self, answer: TestResponse) -> int:
        self.html = answer.get_data(as_text=True)
        self.path = answer.request.path
        self.headers = answer.headers
        return int(answer.status_code)
