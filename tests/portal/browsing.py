"""The site served to a real browser."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Page, ViewportSize

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}

# Where to keep pictures of the pages for whoever wants to look at them: drawing one takes as long as the page.
PICTURES = os.environ.get("PICTURES", "")


def picture(page: Page, name: str) -> None:
    """Keep what a page looks like, if somebody asked for it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """The test's own assertions say what went wrong."""


class _Server(ThreadedWSGIServer):
    def close_request(self, request: Any) -> None:
        super().close_request(request)
        connections.close_all()


@pytest.fixture
def address(db_clean: None) -> Iterator[str]:
    """The whole site, served by threads of this process from the tests' database."""
    server = _Server(("127.0.0.1", 0), _QuietHandler)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
