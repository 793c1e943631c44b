"""Reading ratings: the policy in force, what it said of a customer, and how many customers each tier has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from customers.models import Customer
from risk.models import PolicyDraft, RiskPolicy, RiskRating
from risk.scoring import Policy

_policies: dict[str, Policy] = {}


def published_policy() -> RiskPolicy | None:
    """The policy in force, if one was published."""
    return RiskPolicy.objects.filter(status=RiskPolicy.Status.PUBLISHED).first()


def open_draft() -> PolicyDraft | None:
    """The one that is being worked on: proposed, or approved and about to be published."""
    waiting = Q(status=PolicyDraft.Status.PROPOSED)
    waiting |= Q(status=PolicyDraft.Status.APPROVED, published_version__isnull=True)
    found: PolicyDraft | None = PolicyDraft.objects.filter(waiting).first()
    return found


def compiled(policy: RiskPolicy) -> Policy:
    """A policy ready to score with; versions are immutable, so each is compiled once per process."""
    found = _policies.get(policy.sha256)
    if found is None:
        found = _policies[policy.sha256] = Policy(policy.document)
    return found


def current_rating(customer: Customer) -> RiskRating | None:
    """The newest rating of a customer."""
    return RiskRating.objects.filter(customer=customer).order_by("-rated_at", "-id").first()


def tier_counts() -> dict[str, int]:
    """How many active customers each tier has; "" are those not rated yet."""
    rows = Customer.objects.filter(status=Customer.Status.ACTIVE).values("risk_tier").annotate(count=Count("id"))
    return {row["risk_tier"]: row["count"] for row in rows}


def reason_labels(document: Mapping[str, Any], codes: Sequence[str], language: str) -> list[str]:
    """The factors and reasons of a rating in words, in the order given; an unknown code stands for itself."""
    parts = [*document["factors"], *document["simplified"]["reasons"]]
    labels = {part["code"]: part["label"] for part in parts}
    key = "ja" if language.startswith("ja") else "en"
    return [labels[code][key] if code in labels else code for code in codes]


def due_diligence_reasons(customer_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The reason codes of the newest rating of each customer; one query."""
    rows = (
        RiskRating.objects.filter(customer_id__in=list(customer_ids))
        .order_by("customer_id", "-rated_at", "-id")
        .distinct("customer_id")
    )
    return dict(rows.values_list("customer_id", "reasons"))
