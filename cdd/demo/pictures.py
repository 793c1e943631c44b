"""Pictures of the running demonstration for the documentation, each as small as its content allows."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from PIL import Image

from cdd.demo.banks import BANKS
from cdd.demo.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

DESK: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
COLOURS = 96
BANK = BANKS[0]


class CannotPicture(Exception):
    """The demonstration does not show what is to be pictured; the text says what is missing."""


def take_pictures(browser: Browser, *, web_url: str, sandbox_url: str, password: str, folder: Path) -> Iterator[Path]:
    """Sign in, walk through the staff pages and a customer's pages, and keep a picture of each."""
    folder.mkdir(parents=True, exist_ok=True)
    yield from _staff_pages(browser, web_url, password, folder)
    yield from _customer_pages(browser, _link(sandbox_url), folder)
    inbox = browser.new_page(viewport=DESK, locale="ja-JP")
    inbox.goto(f"{sandbox_url}/")
    yield _keep(inbox, folder / "inbox.png")
    yield from _letter(sandbox_url, folder)


def _staff_pages(browser: Browser, web_url: str, password: str, folder: Path) -> Iterator[Path]:
    page = _signed_in(browser, web_url, "officer", password)
    yield _keep(page, folder / "home.png")
    for name, list_path, link in (
        ("import", "/imports/", "main a[href^='/imports/'][href*='-']"),
        ("customer", "/customers/?tier=HIGH", "main th a[href^='/customers/']"),
        ("campaign", "/campaigns/", "main a[href^='/campaigns/'][href*='-']"),
        ("case", "/reviews/?status=OPEN", "main th a[href^='/reviews/']"),
    ):
        page.goto(f"{web_url}{list_path}")
        found = page.locator(link)
        if not found.count():
            raise CannotPicture(f"{list_path} lists nothing yet. Wait until the demonstration has come to life.")
        yield _keep(page, folder / f"{name}s.png")
        found.first.click()
        yield _keep(page, folder / f"{name}.png")
    page.close()
    page = _signed_in(browser, web_url, "auditor", password)
    page.goto(f"{web_url}/audit/")
    yield _keep(page, folder / "audit.png")
    page.close()


def _signed_in(browser: Browser, web_url: str, person: str, password: str) -> Page:
    page = browser.new_page(viewport=DESK, locale="ja-JP")
    page.goto(f"{web_url}/sign-in/")
    page.fill("[name=username]", f"{person}@{BANK.slug}.example")
    page.fill("[name=password]", password)
    page.click("form [type=submit]")
    page.wait_for_url(f"{web_url}/")
    return page


def _customer_pages(browser: Browser, link: str, folder: Path) -> Iterator[Path]:
    page = browser.new_page(viewport=PHONE, locale="ja-JP", device_scale_factor=2)
    page.goto(link)
    yield _keep(page, folder / "portal-landing.png")
    page.goto(f"{link.rstrip('/')}/identity/")
    yield _keep(page, folder / "portal-identity.png")
    page.close()


def _link(sandbox_url: str) -> str:
    sandbox = Sandbox(sandbox_url)
    try:
        for channel in sandbox.channels():
            for message in sandbox.messages(BANK.slug, channel):
                if message["link"] and message["arrived"] and not message["answered"]:
                    return str(message["link"])
    finally:
        sandbox.close()
    raise CannotPicture("No customer has an unanswered notice. Start the demonstration on fresh data.")


def _letter(sandbox_url: str, folder: Path) -> Iterator[Path]:
    """The first page of the newest letter; needs poppler's pdftoppm."""
    renderer = shutil.which("pdftoppm")
    if renderer is None:
        raise CannotPicture("pdftoppm is missing: apt-get install poppler-utils")
    sandbox = Sandbox(sandbox_url)
    letters = sandbox.messages(BANK.slug, "post")
    sandbox.close()
    if not letters:
        raise CannotPicture("The print shop has no letter yet.")
    pdf = httpx.get(f"{sandbox_url}/letters/{letters[0]['number']}.pdf", timeout=30).raise_for_status().content
    command = [renderer, "-png", "-r", "90", "-f", "1", "-l", "1", "-"]
    image = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout
    yield _write(image, folder / "letter.png")


def _keep(page: Page, path: Path) -> Path:
    page.wait_for_load_state("networkidle")
    return _write(page.screenshot(), path)


def _write(image: bytes, path: Path) -> Path:
    """Few colours are enough for pages, and make a picture a fifth of the size."""
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path
