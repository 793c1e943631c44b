"""How far people get with their answers and how long it takes them, without following anybody.

What is kept is what saving the answers says anyway: which page was sent, how many seconds after the one before, how
often. Nothing about the device, and nothing of who has not proved themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

# Whoever was away longer did not spend the time on the page.
AWAY = timedelta(minutes=30)

type Steps = dict[str, tuple[int | None, int]]


def with_step(steps: Mapping[str, list[int | None]], page: str, *, since: datetime | None, now: datetime) -> Steps:
    """The steps after a page was sent; the seconds of the first time stay, a later one is counted."""
    seconds, times = steps.get(page, (None, 0))
    if not times and since is not None and timedelta() <= now - since < AWAY:
        seconds = round((now - since).total_seconds())
    kept = {other: (taken[0], taken[1] or 0) for other, taken in steps.items()}
    return {**kept, page: (seconds, (times or 0) + 1)}
