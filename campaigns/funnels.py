"""A campaign's progress as it is drawn: steps with their bars, and the table in which everybody is somewhere."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.selectors import Progress
from campaigns.wording import STAGES

_STRIP = ("targeted", "delivered", "opened", "answered", "completed")
_STEPS = ("targeted", "sent", "delivered", "opened", "answered", "completed")
# Every customer of the campaign stands in exactly one of these.
_STANDINGS = (
    "planned",
    "notified",
    "verifying",
    "in_review",
    "completed",
    "undeliverable",
    "no_answer",
    "cancelled",
)
_COLOURS = {"completed": "fill-1", "undeliverable": "fill-danger"}


@dataclass(frozen=True, slots=True)
class Step:
    """One number with its bar; ``key`` names the list behind it."""

    key: str
    name: str
    count: int
    fills: list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Funnel:
    """All that the progress section shows."""

    targeted: int
    strip: list[Step]
    steps: list[Step]
    standings: list[Step]


def funnel_of(progress: Progress) -> Funnel:
    """Bars are parts of everybody the campaign asks."""

    def step(key: str) -> Step:
        count: int = getattr(progress, key)
        return Step(key, str(STAGES[key]), count, _fills(key, count, progress.targeted))

    return Funnel(
        targeted=progress.targeted,
        strip=[step(key) for key in _STRIP],
        steps=[step(key) for key in _STEPS],
        standings=[step(key) for key in _STANDINGS],
    )


def _fills(key: str, count: int, whole: int) -> list[tuple[str, int, int]]:
    width = round(1000 * count / whole) if whole else 0
    return [(_COLOURS.get(key, "fill-2"), 0, width), ("fill-none", width, 1000 - width)]
