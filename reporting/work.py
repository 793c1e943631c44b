"""What waits for somebody on the home page, and what of it comes from the scheduled pick-up of files."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from integrations.pickups.selectors import awaiting_approval_count, troubled_count
from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class Work:
    """Something that waits for the person: how many, what, and where."""

    count: int
    title: str
    note: str
    url: str
    is_urgent: bool = False


def pickup_work() -> list[tuple[Permission, Work]]:
    """Places that nothing can be fetched from, files that did not come, and approvals; two queries."""
    pickups = reverse("import-pickups")
    return [
        (
            Permission.IMPORT_CUSTOMERS,
            Work(
                troubled_count(),
                gettext("Pick-ups in trouble"),
                gettext("Customer files cannot be fetched, or did not come by their hour."),
                pickups,
                is_urgent=True,
            ),
        ),
        (
            Permission.APPROVE_SETTINGS,
            Work(
                awaiting_approval_count(),
                gettext("Pick-ups to approve"),
                gettext("A colleague wants fetched files to be taken in without a person."),
                pickups,
            ),
        ),
    ]
