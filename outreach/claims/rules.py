"""What each kind of claim leads to, once staff have confirmed it, and what holds until then: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

# Nobody is reminded or called because of silence while somebody looks into it; it lapses by itself.
QUIET_FOR = timedelta(days=14)
QUIET = frozenset({"DECEASED", "GUARDIAN", "REFUSAL", "NOT_MINE"})
# The flag that is put on the customer with the confirmation.
FLAGS: Mapping[str, str] = {"DECEASED": "DECEASED", "GUARDIAN": "GUARDIAN"}
OF_COMPANIES = frozenset({"HELPER", "REFUSAL", "NOT_MINE"})
# What is asked of whoever tells it; all but the telephone of a bereaved may stay empty.
ASKED: Mapping[str, tuple[str, ...]] = {
    "DECEASED": ("name", "phone", "when"),
    "GUARDIAN": ("name", "phone", "text"),
    "HELPER": ("name", "phone", "text"),
    "REFUSAL": ("reason", "text"),
    "NOT_MINE": ("text",),
}
NEEDED: Mapping[str, frozenset[str]] = {
    "DECEASED": frozenset({"name", "phone"}),
    "GUARDIAN": frozenset({"name", "phone"}),
    "HELPER": frozenset({"phone"}),
    "REFUSAL": frozenset(),
    "NOT_MINE": frozenset(),
}


def wrong_address_of(channel: str) -> tuple[str, str] | None:
    """The contact point that a notice by this channel went to, and why it is wrong; None where that is not sure."""
    return {"SMS": ("PHONE", "WRONG_NUMBER"), "POST": ("POST", "NOT_AT_ADDRESS")}.get(channel)
