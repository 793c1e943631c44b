"""Reading ratings: the policy in force, what it said of a customer, and how many customers each tier has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext

from customers.facts.selectors import fact_of
from customers.lists.selectors import own_lists
from customers.lists.standard import standard_codes
from customers.models import Customer
from risk.models import PolicyDraft, RiskPolicy, RiskRating
from risk.scoring import UNJUDGED, Policy

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


def unjudged_codes(rules: Policy) -> dict[str, frozenset[str]]:
    """By the list's key, the codes of the institution's own lists that the policy reads and says nothing of."""
    found = {key: unknown_among(rules, key, one.content.codes) for key, one in own_lists().items()}
    return {key: codes for key, codes in found.items() if codes}


def unknown_among(rules: Policy, key: str, codes: Collection[str]) -> frozenset[str]:
    """Those codes of a list that the policy reads and says nothing of.

    It was written with the product's own list before it, and so has thought of every code there.
    """
    if key not in rules.reads:
        return frozenset()
    return frozenset(codes) - standard_codes(key) - rules.named.get(key, frozenset())


def tier_counts() -> dict[str, int]:
    """How many active customers each tier has; "" are those not rated yet."""
    rows = Customer.objects.filter(status=Customer.Status.ACTIVE).values("risk_tier").annotate(count=Count("id"))
    return {row["risk_tier"]: row["count"] for row in rows}


def reason_labels(document: Mapping[str, Any], codes: Sequence[str], language: str) -> list[str]:
    """The factors and reasons of a rating in words, in the order given; an unknown code stands for itself."""
    parts = [*document["factors"], *document["simplified"]["reasons"]]
    labels = {part["code"]: part["label"] for part in parts}
    key = "ja" if language.startswith("ja") else "en"
    return [labels[code][key] if code in labels else _other_reason(code) for code in codes]


def _other_reason(code: str) -> str:
    fact = fact_of(code.removeprefix(UNJUDGED)) if code.startswith(UNJUDGED) else None
    said = gettext("%(fact)s: the risk policy has not judged this choice yet")
    return said % {"fact": gettext(fact.label)} if fact else code


def due_diligence_reasons(customer_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The reason codes of the newest rating of each customer; one query."""
    rows = (
        RiskRating.objects.filter(customer_id__in=list(customer_ids))
        .order_by("customer_id", "-rated_at", "-id")
        .distinct("customer_id")
    )
    return dict(rows.values_list("customer_id", "reasons"))
