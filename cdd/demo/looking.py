"""What the story checks and waits for, said in a sentence when it does not come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from cdd.demo.browsing import Page

BUSY = r'hx-trigger="every'


def check(is_true: bool, otherwise: str) -> None:
    """Raises AssertionError saying ``otherwise``."""
    if not is_true:
        raise AssertionError(otherwise)


def settled_page(page: Page) -> Page | None:
    """The page, unless it still reloads itself."""
    return None if re.search(BUSY, page.html) else page


def decoded(content: bytes) -> str:
    """A file as a spreadsheet would open it."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("The error file is neither UTF-8 nor CP932.")


def wait_for[T](look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Look until there is something.

    Raises:
        AssertionError: there is still nothing after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds:.0f} s for {what}.")
        time.sleep(0.7)
