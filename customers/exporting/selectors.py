"""Reading exports: whom one holds, what there was, and the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from customers.exporting.lists import Asked, list_kind
from customers.exporting.models import USUAL, CustomerExport, ExportLimit
from customers.facts.selectors import own_asked
from customers.models import Customer
from customers.segments.conditions import conditions_of
from customers.segments.selecting import customers_of
from customers.segments.selectors import branch_names
from customers.segments.wording import sentences
from customers.tiers import RiskTier
from tenants.keyset import Page, keyset_page


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which customers, as the list was filtered; a saved filter as it stood when the file was ordered."""

    kind: str = ""
    tier: str = ""
    segment: Mapping[str, Any] | None = None
    # a list of a room above, by its name, and what it asks
    of: str = ""
    asked: Asked = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As an export keeps it."""
        return {"kind": self.kind, "tier": self.tier, "segment": self.segment, "of": self.of, "asked": dict(self.asked)}

    def customers(self, *, today: date) -> QuerySet[Customer]:
        """They, as far as whoever asks may see. Raises SegmentInvalid."""
        rows: QuerySet[Customer] = (
            Customer.objects.filter(merged_into__isnull=True)
            if self.segment is None
            else customers_of(self.segment, today=today)
        )
        if kind := list_kind(self.of):
            rows = rows.filter(kind.customers(self.asked, today))
        if self.kind:
            rows = rows.filter(kind=self.kind)
        return rows.filter(risk_tier=self.tier) if self.tier else rows

    def words(self) -> list[tuple[str, str]]:
        """What it asks, as (what, how); nothing where it is everybody. Raises SegmentInvalid."""
        from django.utils.translation import gettext as _

        kind = list_kind(self.of)
        said = kind.words(self.asked) if kind else []
        if self.kind:
            said.append((_("Kind of customer"), str(Customer.Kind(self.kind).label)))
        if self.tier:
            said.append((_("Risk"), str(RiskTier(self.tier).label)))
        if self.segment is not None:
            said += sentences(conditions_of(self.segment, own_asked()), branch_names())
        return said

    def listed(self, ids: Sequence[UUID], *, today: date) -> Mapping[UUID, Mapping[str, str]]:
        """What the list says of these customers beside the file, in the language in force."""
        kind = list_kind(self.of)
        return kind.values(self.asked, ids, today) if kind else {}


def wanted_of(export: CustomerExport) -> Wanted:
    """What a kept export says."""
    kept = {"kind": "", "tier": "", "segment": None, "of": "", "asked": {}} | export.wanted
    return Wanted(kept["kind"], kept["tier"], kept["segment"], kept["of"], kept["asked"])


def limit_in_force() -> int:
    """Above how many rows a second person lets a file out."""
    agreed = ExportLimit.objects.filter(status=ExportLimit.Status.APPROVED).order_by("-approved_at", "-pk").first()
    return USUAL if agreed is None else int(agreed.rows)


def limit_page(*, cursor: str | None = None) -> Page[ExportLimit]:
    """Every number that somebody proposed, the newest first."""
    return keyset_page(ExportLimit.objects.all(), order=("-proposed_at", "-id"), cursor=cursor)


def export_page(*, cursor: str | None = None) -> Page[CustomerExport]:
    """Exports, the newest first."""
    return keyset_page(CustomerExport.objects.all(), order=("-ordered_at", "-id"), cursor=cursor)
