"""Publishing risk policies and rating customers by the one in force."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record, record_ids
from audit.transitions import transition
from customers.accounts.selectors import held_by
from customers.facts.selectors import own_facts_in_use
from customers.facts.services import lock_definitions
from customers.models import Customer
from customers.residence import has_ended
from customers.services import RatingResult, record_ratings
from customers.writing import insert_many
from retention.expiring import day_in_japan
from risk.models import RiskPolicy, RiskRating
from risk.scoring import HELD, INPUTS, OPEN_ACCOUNTS, PRODUCTS, Policy, PolicyInvalid, Score, next_review_on
from risk.selectors import compiled, published_policy, unjudged_codes
from tenants.identifiers import uuid7
from tenants.keys import PersonShredded
from tenants.scoping import required_tenant_id

RATER = Actor.system("risk")
_PLAIN_INPUTS = tuple(name for name in INPUTS if name not in ("owner_is_pep", "stay_has_ended", *HELD))


class NoPolicy(RuntimeError):
    """No risk policy is published, so nobody can be rated."""


@cache
def default_document() -> Any:
    """The policy a new tenant begins with."""
    return json.loads((Path(__file__).parent / "documents" / "default.json").read_text(encoding="utf-8"))


def publish_default_policy(*, actor: Actor, now: datetime) -> RiskPolicy:
    """Put the default policy in force where none is. Idempotent."""
    with transaction.atomic():
        return published_policy() or publish_policy(document=default_document(), actor=actor, now=now)


def publish_policy(*, document: Mapping[str, Any], actor: Actor, now: datetime) -> RiskPolicy:
    """Put a document in force as the next version, retire the last one, and have everybody rated anew.

    Raises risk.scoring.PolicyInvalid.
    """
    own = Policy(document).own
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with transaction.atomic():
        lock_definitions()
        readable = {key for key, fact in own_facts_in_use().items() if fact.bears_on_risk}
        if unknown := [name for name in own if name not in readable]:
            raise PolicyInvalid(f"No attribute in use that risk rules may read: {', '.join(unknown)}.")
        newest = RiskPolicy.objects.select_for_update().order_by("-version").first()
        if newest is not None and newest.status == RiskPolicy.Status.PUBLISHED:
            transition(newest, RiskPolicy.Status.RETIRED, actor=actor, at=now)
        policy: RiskPolicy = RiskPolicy.objects.create(
            version=newest.version + 1 if newest else 1,
            document=document,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
        transition(policy, RiskPolicy.Status.PUBLISHED, actor=actor, at=now, published_at=now)
        record("riskpolicy.pinned", target=policy, actor=actor, at=now, version=policy.version, sha256=policy.sha256)
        Customer.objects.filter(is_rating_due=False).update(is_rating_due=True)
    return policy


def rate_waiting_customers(*, limit: int = 5_000, now: datetime) -> int:
    """Rate up to `limit` customers whose rating is due; returns how many. Without a policy nobody is."""
    with transaction.atomic():
        policy = published_policy()
        if policy is None:
            return 0
        waiting = Customer.objects.filter(is_rating_due=True, merged_into__isnull=True).order_by("id")
        return _rate(list(waiting.select_for_update(skip_locked=True)[:limit]), policy, actor=RATER, now=now)


def rate_customers(*, customer_ids: Sequence[UUID], actor: Actor, now: datetime) -> int:
    """Rate these customers now; returns how many.

    Raises:
        NoPolicy: none is published.
    """
    with transaction.atomic():
        policy = published_policy()
        if policy is None:
            raise NoPolicy("No risk policy is published.")
        customers = Customer.objects.filter(pk__in=list(customer_ids)).order_by("id").select_for_update()
        return _rate(list(customers), policy, actor=actor, now=now)


def _rate(customers: Sequence[Customer], policy: RiskPolicy, *, actor: Actor, now: datetime) -> int:
    """Score, keep the ratings and set the customers; a constant number of statements."""
    if not customers:
        return 0
    rules, today = compiled(policy), day_in_japan(now)
    held = held_by([customer.pk for customer in customers]) if rules.reads_accounts else {}
    new = unjudged_codes(rules)
    scores = [
        rules.score(_facts_of(customer, today) | _held(held.get(customer.pk)), _unjudged(customer, new))
        for customer in customers
    ]
    _keep(customers, scores, policy, now=now)
    results = [
        RatingResult(
            customer_id=customer.pk,
            tier=score.tier,
            due_diligence=score.due_diligence,
            next_review_on=next_review_on(
                customer.last_reviewed_on, customer.opened_on, rules.cycle_months[score.tier]
            ),
        )
        for customer, score in zip(customers, scores, strict=True)
    ]
    record_ratings(ratings=results, now=now)
    _record(customers, scores, policy, actor=actor, now=now)
    return len(customers)


def _unjudged(customer: Customer, new: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The facts whose code the policy has not judged yet."""
    return tuple(key for key, codes in new.items() if getattr(customer, key) in codes)


def _facts_of(customer: Customer, today: date) -> dict[str, Any]:
    """What rules read, mostly plain columns; the sealed profile is opened for companies only, for their owners."""
    facts = {**{name: getattr(customer, name) for name in _PLAIN_INPUTS}, **customer.attributes}
    if customer.kind == Customer.Kind.COMPANY:
        with suppress(PersonShredded):  # unknown, then
            facts["owners"] = customer.profile.get("owners")
    else:
        facts["stay_has_ended"] = has_ended(
            today, customer.stay_ends_on, nationality=customer.nationality, status=customer.residence_status
        )
    return facts


def _held(products: Sequence[str] | None) -> dict[str, Any]:
    if products is None:
        return {}
    return {PRODUCTS: sorted({code for code in products if code}), OPEN_ACCOUNTS: len(products)}


def _keep(customers: Sequence[Customer], scores: Sequence[Score], policy: RiskPolicy, *, now: datetime) -> None:
    insert_many(
        RiskRating,
        {
            "id": [uuid7() for _ in customers],
            "customer_id": [customer.pk for customer in customers],
            "tier": [score.tier for score in scores],
            "due_diligence": [score.due_diligence for score in scores],
            "points": [score.points for score in scores],
            "reasons": [score.reasons for score in scores],
            "unknown": [score.unknown for score in scores],
            "inputs": [score.inputs for score in scores],
        },
        policy_id=policy.pk,
        rated_at=now,
    )


def _record(
    customers: Sequence[Customer], scores: Sequence[Score], policy: RiskPolicy, *, actor: Actor, now: datetime
) -> None:
    """One act a customer whose tier or care is another than before."""
    moved: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
    for customer, score in zip(customers, scores, strict=True):
        if (customer.risk_tier, customer.due_diligence) != (score.tier, score.due_diligence):
            moved[customer.risk_tier, score.tier, score.due_diligence].append(customer.pk)
    for (was, tier, due_diligence), ids in moved.items():
        record_ids(
            "customer.rated",
            model=Customer,
            tenant_id=required_tenant_id(),
            ids=ids,
            actor=actor,
            at=now,
            was=was,
            tier=tier,
            due_diligence=due_diligence,
            policy=policy.version,
        )
