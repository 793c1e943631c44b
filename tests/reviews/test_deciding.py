"""From an answer to an up-to-date file: cleared by rule, or decided by one person and approved by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.services import receive_verification
from customers.models import AttributeChange
from reviews.models import Decision, Discrepancy
from reviews.policies import (
    RULE_UNCHANGED,
    CaseNotOpen,
    ContentChanged,
    DecisionIncomplete,
    OwnWork,
    ReviewRefused,
)
from reviews.selectors import attributes_of, case_detail, case_page, queue_counts
from reviews.services import approve_decision, decide_case, reconcile_response, return_decision
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, in_parallel, notified, review_of
from tests.conftest import NOW
from tests.reviews.acting import (
    MOVED,
    case_of,
    decided,
    differences,
    file_of,
    fresh,
    moved_customer,
    verification,
)

TODAY = date(2026, 11, 24)
LATER = NOW + timedelta(hours=1)


def test_an_unchanged_answer_of_low_risk_is_cleared_by_rule(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    answer(customer)
    case = case_of(customer)
    assert (case.status, case.cleared_by_rule, case.closed_at) == ("CLEARED", RULE_UNCHANGED, NOW)
    assert review_of(customer).status == "COMPLETED"
    updated = fresh(customer)
    assert (updated.last_reviewed_on, updated.next_review_on) == (TODAY, date(2029, 11, 24))
    assert (updated.risk_tier, updated.rated_at) == ("LOW", NOW)


def test_spelling_is_not_a_change(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    answer(customer, name="高橋 一郎", address="東京都中央区日本橋１－２－３", phone="090-1234-5678")
    assert case_of(customer).status == "CLEARED"


@pytest.mark.parametrize("tier", ["MEDIUM", "HIGH"])
def test_higher_risk_goes_to_a_person_even_when_nothing_changed(
    bank: Tenant, officer: User, approver: User, tier: str
) -> None:
    customer = enter(1, tier=tier)
    notified(officer, approver)
    response = answer(customer)
    if tier == "HIGH":
        assert review_of(customer).status == "VERIFYING"
        with transaction.atomic():
            verified = verification(customer)
        receive_verification(reference=response.reference, verification_id=verified.pk, now=NOW)
    assert case_of(customer).status == "OPEN"
    assert review_of(customer).status == "IN_REVIEW"
    assert differences(customer) == {}


def test_what_differs_is_queued_side_by_side_and_sealed(
    bank: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """P1: the values of both sides are readable to the reviewer, and to nobody in the database."""
    customer = moved_customer(officer, approver)
    assert differences(customer) == {"address": ("CHANGED", "NORMAL"), "postal_code": ("CHANGED", "INFO")}
    with transaction.atomic():
        row = Discrepancy.objects.get(case__customer=customer, attribute="address")
    assert (row.on_file, row.answered) == ("東京都中央区日本橋1丁目2-3", MOVED["address"])
    stored = superuser.execute("SELECT on_file, answered FROM reviews_discrepancy").fetchall()
    assert all(isinstance(value, bytes) and b"\xe6" + b"\x9d\xb1" not in value for pair in stored for value in pair)
    assert fresh(customer).last_reviewed_on == date(2023, 6, 30)


def test_an_approved_decision_updates_file_rating_dates_and_review(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    assert file_of(customer)["address"] != MOVED["address"]
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=LATER)
    facts, updated, case = file_of(customer), fresh(customer), case_of(customer)
    assert (facts["address"], facts["postal_code"]) == (MOVED["address"], MOVED["postal_code"])
    assert (case.status, case.closed_at) == ("CLOSED", LATER)
    assert (updated.last_reviewed_on, updated.next_review_on) == (TODAY, date(2029, 11, 24))
    assert updated.rated_at == LATER
    assert (review_of(customer).status, review_of(customer).completed_at) == ("COMPLETED", LATER)
    with transaction.atomic():
        history = AttributeChange.objects.filter(customer=customer, source="CUSTOMER")
        assert {row.attribute for row in history} == {"address", "postal_code"}
        assert {row.source_reference for row in history} == {case.pk}


def test_an_answer_that_worsens_the_risk_changes_tier_and_next_date(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1)
    notified(officer, approver)
    answer(customer, sends_abroad=True, handles_cash=True)
    assert differences(customer) == {"handles_cash": ("CHANGED", "SERIOUS"), "sends_abroad": ("CHANGED", "SERIOUS")}
    decision = decided(customer, officer, accepted=["handles_cash", "sends_abroad"])
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    updated = fresh(customer)
    assert (updated.risk_tier, updated.next_review_on) == ("HIGH", date(2027, 11, 24))


def test_only_accepted_fields_enter_the_file(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    answer(customer, occupation="retired", purpose="savings")
    decision = decided(customer, officer, accepted=["occupation"])
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    facts = file_of(customer)
    assert (facts["occupation"], facts["purpose"]) == ("retired", "living")


def test_an_answer_the_file_cannot_hold_is_refused_in_words(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    with transaction.atomic():
        row = Discrepancy.objects.get(case__customer=customer, attribute="postal_code")
        row.answered = "000-0000"
        row.save(update_fields=["answered"])
    decision = decided(customer, officer)
    with pytest.raises(ReviewRefused):
        approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    assert case_of(customer).status == "AWAITING_APPROVAL"
    assert file_of(customer)["address"] != MOVED["address"]


def test_keeping_the_file_completes_the_review_without_a_change(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    before = file_of(customer)
    decision = decided(customer, officer, accepted=())
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    assert file_of(customer) == before
    assert review_of(customer).status == "COMPLETED"


def test_nobody_approves_or_returns_their_own_decision(bank: Tenant, officer: User, approver: User) -> None:
    """A9."""
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    with pytest.raises(OwnWork):
        approve_decision(decision=decision, actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(OwnWork):
        return_decision(decision=decision, reason="x", actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(ReviewRefused):
        approve_decision(decision=decision, actor=Actor.system("reviews"), now=NOW)
    assert case_of(customer).status == "AWAITING_APPROVAL"


def test_the_database_refuses_one_person_deciding_and_approving(bank: Tenant, officer: User, approver: User) -> None:
    """A9. The positive control is the same change by somebody else."""
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    change = {"status": "APPROVED", "checked_at": NOW, "checked_by": officer.pk, "checked_person": "10007"}
    with pytest.raises(IntegrityError, match="decision_four_eyes"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(**change)
    with transaction.atomic():
        assert Decision.objects.filter(pk=decision.pk).update(**change | {"checked_by": approver.pk}) == 1


def other_fields(decision: Decision) -> None:
    Decision.objects.filter(pk=decision.pk).update(accepted_attributes=["address"])


def other_outcome(decision: Decision) -> None:
    Decision.objects.filter(pk=decision.pk).update(outcome="KEEP_FILE")


def other_answer(decision: Decision) -> None:
    row = Discrepancy.objects.get(case_id=decision.case_id, attribute="address")
    row.answered = "大阪府大阪市北区梅田1-1"
    row.save(update_fields=["answered"])


@pytest.mark.parametrize("edit", [other_fields, other_outcome, other_answer])
def test_what_was_changed_after_the_decision_is_not_approved(
    bank: Tenant, officer: User, approver: User, edit: Callable[[Decision], None]
) -> None:
    """S15, for cases."""
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    with transaction.atomic():
        edit(decision)
    with pytest.raises(ContentChanged):
        approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    assert file_of(customer)["address"] != MOVED["address"]


def test_two_approvers_at_once_close_the_case_once(
    bank: Tenant, officer: User, approver: User, make_user: Callable[..., User]
) -> None:
    """A9."""
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    second = make_user(bank, "APPROVER", "second")

    def approval(user: User) -> Callable[[], None]:
        def act() -> None:
            with transaction.atomic():
                mine = Decision.objects.get(pk=decision.pk)
            approve_decision(decision=mine, actor=Actor.user(user.pk), now=NOW)

        return act

    results = in_parallel(bank, *[approval(user) for user in (approver, second) * 2])
    assert results.count(None) == 1
    assert all(result is None or isinstance(result, CaseNotOpen) for result in results), results
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="case.closed").count() == 1
        assert AttributeChange.objects.filter(customer=customer).count() == 2


def test_two_officers_at_once_decide_once(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    results = in_parallel(bank, *[lambda: decided(customer, officer)] * 3)
    assert sum(isinstance(result, Decision) for result in results) == 1
    assert sum(isinstance(result, CaseNotOpen) for result in results) == 2


def test_a_returned_decision_is_made_again(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    decision = decided(customer, officer)
    with pytest.raises(ReviewRefused):
        return_decision(decision=decision, reason="  ", actor=Actor.user(approver.pk), now=NOW)
    return_decision(decision=decision, reason="証跡がない", actor=Actor.user(approver.pk), now=NOW)
    assert case_of(customer).status == "OPEN"
    with pytest.raises(CaseNotOpen):
        approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    again = decided(customer, officer, accepted=())
    approve_decision(decision=again, actor=Actor.user(approver.pk), now=NOW)
    with transaction.atomic():
        detail = case_detail(case_of(customer).pk)
        assert [row.status for row in detail.decisions] == ["APPROVED", "RETURNED"]
        assert detail.decisions[1].check_comment == "証跡がない"
        assert detail.open_decision is None


@pytest.mark.parametrize(
    ("outcome", "accepted", "rationale"),
    [
        ("UPDATE_FILE", ["address"], "  "),
        ("UPDATE_FILE", [], "理由"),
        ("KEEP_FILE", ["address"], "理由"),
        ("UPDATE_FILE", ["name"], "理由"),
        ("FORGET", [], "理由"),
    ],
)
def test_an_incomplete_decision_is_refused(
    bank: Tenant, officer: User, approver: User, outcome: str, accepted: list[str], rationale: str
) -> None:
    customer = moved_customer(officer, approver)
    with pytest.raises(DecisionIncomplete):
        decide_case(
            case=case_of(customer),
            outcome=outcome,
            accepted_fields=accepted,
            rationale=rationale,
            actor=Actor.user(officer.pk),
            now=NOW,
        )
    assert case_of(customer).status == "OPEN"


def test_reconciling_twice_opens_one_case(bank: Tenant, officer: User, approver: User) -> None:
    customer = moved_customer(officer, approver)
    case = case_of(customer)
    with transaction.atomic():
        again = reconcile_response(
            response=case.response,
            verification=None,
            tier="LOW",
            reference=case.reference,
            actor=Actor.system("tests"),
            now=NOW,
        )
    assert again == case
    assert len(differences(customer)) == 2


def test_the_queue_is_fair_filtered_and_counted(bank: Tenant, officer: User, approver: User) -> None:
    customers = [enter(number, tier="MEDIUM") for number in range(3)]
    notified(officer, approver)
    for minutes, customer in enumerate(customers):
        answer(customer, at=NOW + timedelta(minutes=minutes), **MOVED)
    with transaction.atomic():
        first = case_page(status="OPEN", limit=2)
        assert [case.customer_id for case in first.items] == [customer.pk for customer in customers[:2]]
        rest = case_page(status="OPEN", limit=2, cursor=first.next_cursor)
        assert [case.customer_id for case in rest.items] == [customers[2].pk]
        assert case_page(status="OPEN", tier="HIGH").items == []
        assert queue_counts() == {"OPEN": 3, "AWAITING_APPROVAL": 0, "CLEARED": 0, "CLOSED": 0}
        assert {tuple(sorted(fields)) for fields in attributes_of(first.items).values()} == {("address", "postal_code")}
        with CaptureQueriesContext(connection) as captured:
            case_detail(first.items[0].pk)
        assert len(captured) == 3


def test_no_personal_value_enters_the_trail(bank: Tenant, officer: User, approver: User) -> None:
    """P1."""
    customer = moved_customer(officer, approver)
    approve_decision(decision=decided(customer, officer), actor=Actor.user(approver.pk), now=NOW)
    with transaction.atomic():
        payloads = "".join(AuditEvent.objects.values_list("payload", flat=True))
    assert "address" in payloads
    for value in (MOVED["address"], MOVED["postal_code"], "日本橋", "髙橋", "転居の届出"):
        assert value not in payloads
