"""Rating the customers of a book by the default policy: bulk, versions, tenants, and what is recorded."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from datetime import date, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import Customer, DueDiligence, RiskTier
from customers.services import apply_facts, record_review, run_import, start_import
from customers.synthetic import make_book
from risk.models import RiskPolicy, RiskRating
from risk.scoring import PolicyInvalid, add_months
from risk.selectors import current_rating, reason_labels, tier_counts
from risk.services import (
    NoPolicy,
    default_document,
    publish_default_policy,
    publish_policy,
    rate_customers,
    rate_waiting_customers,
)
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tests.customers.books import book, person, upload

ACTOR = Actor.user(7)


def fill(content: bytes, now: datetime) -> None:
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=ACTOR, now=now)


def test_a_book_is_rated_in_full_with_dates_from_the_cycle(in_tenant: Tenant, now: datetime) -> None:
    today = timezone.localdate(now)
    fill(make_book(individuals=1_500, companies=90, seed=3, today=today).content, now)
    publish_default_policy(actor=ACTOR, now=now)
    assert rate_waiting_customers(limit=1_000, now=now) == 1_000
    assert rate_waiting_customers(limit=1_000, now=now) == 590
    assert rate_waiting_customers(limit=1_000, now=now) == 0
    with transaction.atomic():
        counts = tier_counts()
        assert sum(counts.values()) == 1_590
        assert 0.03 < counts["HIGH"] / 1_590 < 0.08
        assert 0.12 < counts["MEDIUM"] / 1_590 < 0.24
        simplified = Customer.objects.filter(due_diligence=DueDiligence.SIMPLIFIED)
        assert 0.10 < simplified.count() / 1_500 < 0.20
        assert set(simplified.values_list("risk_tier", "kind")) == {("LOW", "INDIVIDUAL")}
        due = Customer.objects.filter(next_review_on__lte=today).count()
        assert 0.05 < due / 1_590 < 0.09
        months = {"HIGH": 12, "MEDIUM": 24, "LOW": 36}
        for customer in Customer.objects.all()[:200]:
            since = customer.last_reviewed_on or customer.opened_on
            assert customer.next_review_on == add_months(since, months[customer.risk_tier])
        assert RiskRating.objects.count() == 1_590


def test_bulk_rating_costs_the_same_queries_for_any_number(in_tenant: Tenant, now: datetime) -> None:
    fill(make_book(individuals=300, companies=20, seed=4, today=timezone.localdate(now)).content, now)
    publish_default_policy(actor=ACTOR, now=now)
    taken = []
    for limit in (20, 300):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rate_waiting_customers(limit=limit, now=now)
        taken.append(sum("audit_" not in query["sql"] for query in queries.captured_queries))
    assert taken[0] == taken[1] < 12


def test_a_rating_keeps_policy_reasons_and_what_was_unknown_but_no_identity(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person(handles_cash="有", sends_abroad="")), now)
    policy = publish_default_policy(actor=ACTOR, now=now)
    rate_waiting_customers(now=now)
    with transaction.atomic():
        customer = Customer.objects.get()
        rating = current_rating(customer)
        assert rating is not None
        assert (rating.policy_id, rating.tier, rating.points) == (policy.pk, RiskTier.MEDIUM, 60)
        assert (rating.reasons, rating.unknown) == (["large_cash"], ["remittance_abroad"])
        assert "髙﨑" not in str(rating.inputs)
        assert set(rating.inputs) <= {
            "kind", "occupation", "purpose", "nationality", "country_of_residence", "is_foreign_pep", "handles_cash",
            "stay_has_ended",
        }  # fmt: skip
        assert reason_labels(policy.document, rating.reasons, "ja") == ["多額の現金取引"]
        event = AuditEvent.objects.get(event="customer.rated")
        assert event.data == {"was": "", "tier": "MEDIUM", "due_diligence": "STANDARD", "policy": 1}


def test_an_answer_that_changes_a_fact_has_the_customer_rated_anew(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person(sends_abroad="無")), now)
    publish_default_policy(actor=ACTOR, now=now)
    rate_waiting_customers(now=now)
    with transaction.atomic():
        customer = Customer.objects.get()
        assert (customer.risk_tier, customer.due_diligence) == (RiskTier.LOW, DueDiligence.SIMPLIFIED)
        apply_facts(customer=customer, changes={"is_foreign_pep": True}, source="CUSTOMER", actor=ACTOR, now=now)
        record_review(customer_id=customer.pk, reviewed_on=date(2026, 2, 28), actor=ACTOR, now=now)
        rate_customers(customer_ids=[customer.pk], actor=ACTOR, now=now)
        customer.refresh_from_db()
        assert (customer.risk_tier, customer.due_diligence) == (RiskTier.HIGH, DueDiligence.ENHANCED)
        assert customer.next_review_on == date(2027, 2, 28)
        assert Counter(RiskRating.objects.values_list("tier", flat=True)) == {"LOW": 1, "HIGH": 1}


def test_a_new_version_retires_the_old_one_and_everybody_is_rated_anew(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person(sends_abroad="有")), now)
    publish_default_policy(actor=ACTOR, now=now)
    rate_waiting_customers(now=now)
    document = deepcopy(default_document())
    next(factor for factor in document["factors"] if factor["code"] == "remittance_abroad")["points"] = 100
    publish_policy(document=document, actor=ACTOR, now=now)
    assert rate_waiting_customers(now=now) == 1
    with transaction.atomic():
        assert dict(RiskPolicy.objects.values_list("version", "status")) == {1: "RETIRED", 2: "PUBLISHED"}
        assert Customer.objects.get().risk_tier == RiskTier.HIGH


def test_publishing_the_default_twice_changes_nothing(in_tenant: Tenant, now: datetime) -> None:
    first = publish_default_policy(actor=ACTOR, now=now)
    assert publish_default_policy(actor=ACTOR, now=now).pk == first.pk


def test_a_broken_policy_is_not_published(in_tenant: Tenant, now: datetime) -> None:
    with pytest.raises(PolicyInvalid):
        publish_policy(document={"factors": []}, actor=ACTOR, now=now)
    with transaction.atomic():
        assert not RiskPolicy.objects.exists()


def test_without_a_policy_nobody_is_rated(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    assert rate_waiting_customers(now=now) == 0
    with pytest.raises(NoPolicy):
        rate_customers(customer_ids=[], actor=ACTOR, now=now)


def test_one_bank_is_never_rated_by_the_policy_or_the_run_of_another(
    tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    """T10"""
    for bank in (tenant, other_tenant):
        with tenant_context(bank.pk):
            fill(book(person()), now)
    with tenant_context(tenant.pk):
        publish_default_policy(actor=ACTOR, now=now)
        assert rate_waiting_customers(now=now) == 1
    with tenant_context(other_tenant.pk), transaction.atomic():
        assert Customer.objects.get().risk_tier == ""
        assert not RiskPolicy.objects.exists()
