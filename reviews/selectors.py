"""The review queue and one case with everything a reviewer needs to judge it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Prefetch

from reviews.comparing import Severity
from reviews.models import Case, Decision, Discrepancy
from tenants.keyset import Page, keyset_page

_GRAVEST_FIRST = {Severity.SERIOUS: 0, Severity.NORMAL: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class CaseDetail:
    """A case, its discrepancies gravest first, its decisions newest first, and the one that waits."""

    case: Case
    discrepancies: list[Discrepancy]
    decisions: list[Decision]
    open_decision: Decision | None


def case_page(
    *, status: str | None = None, tier: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Case]:
    """Cases in the order they came, oldest first: the queue is fair."""
    rows = Case.objects.select_related("customer").annotate(discrepancy_count=Count("discrepancies"))
    if status:
        rows = rows.filter(status=status)
    if tier:
        rows = rows.filter(tier=tier)
    return keyset_page(rows, order=("opened_at", "id"), cursor=cursor, limit=limit)


def case_detail(case_id: UUID) -> CaseDetail:
    """One case, in a constant number of queries.

    Raises:
        Case.DoesNotExist: the tenant has no such case.
    """
    case = (
        Case.objects.select_related("customer", "verification", "response")
        .prefetch_related(
            Prefetch("discrepancies", queryset=Discrepancy.objects.all()),
            Prefetch("decisions", queryset=Decision.objects.order_by("-decided_at", "-id")),
        )
        .get(pk=case_id)
    )
    discrepancies = sorted(
        case.discrepancies.all(), key=lambda row: (_GRAVEST_FIRST[Severity(row.severity)], row.attribute)
    )
    decisions = list(case.decisions.all())
    waiting = next((row for row in decisions if row.status == Decision.Status.PROPOSED), None)
    return CaseDetail(case, discrepancies, decisions, waiting)


def queue_counts() -> dict[str, int]:
    """How many cases are in each status; statuses without a case count 0."""
    counts: dict[str, int] = dict.fromkeys(Case.Status.values, 0)
    counts.update(Case.objects.values_list("status").annotate(Count("id")).order_by())
    return counts


def cases_of(customer_id: UUID) -> list[Case]:
    """A customer's cases, newest first."""
    return list(Case.objects.filter(customer_id=customer_id).order_by("-opened_at", "-id"))


def attributes_of(cases: Iterable[Case]) -> dict[UUID, list[str]]:
    """Which attributes differ in each case, gravest first, in one query."""
    rows = Discrepancy.objects.filter(case__in=list(cases)).values_list("case_id", "attribute", "severity")
    found: dict[UUID, list[str]] = {}
    for case_id, attribute, _ in sorted(rows, key=lambda row: (_GRAVEST_FIRST[Severity(row[2])], row[1])):
        found.setdefault(case_id, []).append(attribute)
    return found
