"""A step of the story: the host's SFTP server has a file, which is fetched by the clock, tried, and thrown away."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from cdd.demo.branches import Branch
from cdd.demo.browsing import Page
from cdd.demo.looking import check, settled_page, wait_for
from cdd.demo.steps import Done

NEW, ROWS = "/imports/pickups/new/", 20
FILE = "CIF_0001.csv"


def steps_of_fetching(sandbox_url: str) -> list[tuple[str, Callable[[Branch], Done]]]:
    """The step, with the sandbox as the banks' host."""
    return [
        ("A file on the host's SFTP server is fetched by the clock and tried", lambda one: _fetch(one, sandbox_url))
    ]


def _fetch(branch: Branch, sandbox_url: str) -> Done:
    """Set up by the administrator with the server's key; nothing of the file is new, and nobody takes it in."""
    host, officer = f"{sandbox_url}/control/sftp", branch.officer
    told = httpx.get(host, timeout=30).raise_for_status().json()
    form = branch.people["admin"].get(NEW).form(NEW)
    page = branch.people["admin"].send(
        form,
        {
            "name": "CIF", "kind": "SFTP", "host": told["host"], "port": str(told["port"]),
            "username": branch.bank.slug, "host_key": told["host_key"], "pattern": "CIF_*.csv",
            "marker": ".done", "schedule": "every",
        },
    )  # fmt: skip
    path = page.path
    shown = re.search(r"ssh-ed25519 \S+ keizoku", page.text)
    check(shown is not None, f"no public key is shown: {page.text[:300]}")
    account = {"user": branch.bank.slug, "public_key": shown and shown[0]}
    httpx.post(host, json=account, timeout=30).raise_for_status()
    content = b"".join(branch.book.content.splitlines(keepends=True)[: ROWS + 1])
    for name, body in ((FILE, content), (f"{FILE}.done", b"")):
        httpx.put(f"{host}/{branch.bank.slug}/{name}", content=body, timeout=30).raise_for_status()
    officer.send(officer.get(path).form(f"{path}look/"))

    def fetched() -> list[str]:
        return officer.get(path).links_to(r"/imports/[0-9a-f-]{36}/")

    address = wait_for(fetched, 60, "the file to be fetched")[0]
    tried: Page = wait_for(lambda: settled_page(officer.get(address)), 60, "the trial to finish")
    created, updated, unchanged, rejected = tried.figures()[:4]
    check((created, updated, unchanged + rejected) == (0, 0, ROWS), f"the trial says {tried.figures()}")
    officer.send(tried.form(r"/imports/[0-9a-f-]{36}/discard/"))
    return Done(ROWS, "rows fetched and tried")
