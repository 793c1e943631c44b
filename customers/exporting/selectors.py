"""Reading exports: whom one holds, what there was, and the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from customers.exporting.models import CustomerExport
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

    def document(self) -> dict[str, Any]:
        """As an export keeps it."""
        return {"kind": self.kind, "tier": self.tier, "segment": self.segment}

    def customers(self, *, today: date) -> QuerySet[Customer]:
        """They, as far as whoever asks may see. Raises SegmentInvalid."""
        rows: QuerySet[Customer] = (
            Customer.objects.filter(merged_into__isnull=True)
            if self.segment is None
            else customers_of(self.segment, today=today)
        )
        if self.kind:
            rows = rows.filter(kind=self.kind)
        return rows.filter(risk_tier=self.tier) if self.tier else rows

    def words(self) -> list[tuple[str, str]]:
        """What it asks, as (what, how); nothing where it is everybody. Raises SegmentInvalid."""
        from django.utils.translation import gettext as _

        said = []
        if self.kind:
            said.append((_("Kind of customer"), str(Customer.Kind(self.kind).label)))
        if self.tier:
            said.append((_("Risk"), str(RiskTier(self.tier).label)))
        if self.segment is not None:
            said += sentences(conditions_of(self.segment, own_asked()), branch_names())
        return said


def wanted_of(export: CustomerExport) -> Wanted:
    """What a kept export says."""
    kept = export.wanted
    return Wanted(kept.get("kind", ""), kept.get("tier", ""), kept.get("segment"))


def export_page(*, cursor: str | None = None) -> Page[CustomerExport]:
    """Exports, the newest first."""
    return keyset_page(CustomerExport.objects.all(), order=("-ordered_at", "-id"), cursor=cursor)
