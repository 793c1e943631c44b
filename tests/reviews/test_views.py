"""The review queue and one case, decided by one person and approved by another, on their pages."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from customers.models import Customer
from customers.selectors import facts_of
from reviews.models import Case, Decision
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import SignIn


def english(user: User) -> User:
    user.language = "en"
    user.save(update_fields=["language"])
    return user


@pytest.fixture
def case(in_tenant: Tenant, officer: User, approver: User) -> Case:
    """A customer who has a new address and another occupation."""
    open_for_business()
    customer = enter(1)
    notified(officer, approver)
    answer(customer, address="神戸市中央区港島南町4丁目7番1号", postal_code="6500047", occupation="executive")
    with transaction.atomic():
        found: Case = Case.objects.select_related("customer").get()
    return found


@transaction.atomic
def state_of(case: Case) -> str:
    return str(Case.objects.values_list("status", flat=True).get(pk=case.pk))


@transaction.atomic
def proposal_of(case: Case) -> Decision:
    found: Decision = Decision.objects.get(case=case, status=Decision.Status.PROPOSED)
    return found


def choices(case: Case, **chosen: str) -> dict[str, str]:
    """The decision form, everything accepted except as ``chosen``."""
    with transaction.atomic():
        attributes = list(case.discrepancies.values_list("attribute", flat=True))
    assert set(chosen) <= set(attributes)
    return {f"take-{name}": chosen.get(name, "accept") for name in attributes} | {"rationale": "証跡と一致"}


def test_a_case_is_decided_by_one_and_approved_by_another(
    case: Case, officer: User, approver: User, staff_client: SignIn
) -> None:
    decider, checker = staff_client(english(officer)), staff_client(english(approver))
    assert reverse("case", args=[case.pk]) in decider.get(reverse("reviews")).content.decode()
    page = decider.get(reverse("case", args=[case.pk])).content.decode()
    for words in ("東京都中央区日本橋1丁目2-3", "神戸市中央区港島南町4丁目7番1号", "Company executive"):
        assert words in page
    form = choices(case, occupation="keep")
    assert decider.post(reverse("case-decide", args=[case.pk]), form).status_code == 302
    assert state_of(case) == Case.Status.AWAITING_APPROVAL
    proposal = proposal_of(case)
    assert "occupation" not in proposal.accepted_attributes
    assert str(proposal.pk) in checker.get(reverse("case", args=[case.pk])).content.decode()
    response = checker.post(reverse("case-approve", args=[case.pk]), {"decision": proposal.pk})
    assert response.status_code == 302
    with transaction.atomic():
        facts = facts_of(Customer.objects.get(pk=case.customer_id))
    assert facts["address"] == "神戸市中央区港島南町4丁目7番1号"
    assert facts["occupation"] == "employee"
    closed = checker.get(reverse("case", args=[case.pk])).content.decode()
    assert "Kept as on file" in closed
    assert "証跡と一致" in closed


def test_nothing_is_chosen_for_the_reviewer(case: Case, officer: User, staff_client: SignIn) -> None:
    page = staff_client(officer).get(reverse("case", args=[case.pk])).content.decode()
    assert 'name="take-occupation"' in page
    assert " checked" not in page


def test_an_undecided_item_and_a_missing_reason_are_named(case: Case, officer: User, staff_client: SignIn) -> None:
    form = choices(case) | {"rationale": ""}
    del form["take-occupation"]
    response = staff_client(english(officer)).post(reverse("case-decide", args=[case.pk]), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Accept or keep each item: Occupation." in page
    assert "Write down the reason for your decision." in page
    assert '<input type="radio" name="take-address" value="accept" checked>' in page  # what was chosen stays
    assert state_of(case) == Case.Status.OPEN


def test_a_decision_is_returned_with_a_reason(case: Case, officer: User, approver: User, staff_client: SignIn) -> None:
    staff_client(officer).post(reverse("case-decide", args=[case.pk]), choices(case))
    proposal = proposal_of(case)
    client = staff_client(english(approver))
    address = reverse("case-return", args=[case.pk])
    assert client.post(address, {"decision": proposal.pk, "reason": ""}).status_code == 422
    assert client.post(address, {"decision": proposal.pk, "reason": "住所の証跡が読めない"}).status_code == 302
    assert state_of(case) == Case.Status.OPEN
    assert "住所の証跡が読めない" in staff_client(officer).get(reverse("case", args=[case.pk])).content.decode()


def test_an_old_decision_cannot_be_approved_any_more(
    case: Case, officer: User, approver: User, staff_client: SignIn
) -> None:
    decide = reverse("case-decide", args=[case.pk])
    staff_client(officer).post(decide, choices(case))
    old = proposal_of(case)
    client = staff_client(english(approver))
    client.post(reverse("case-return", args=[case.pk]), {"decision": old.pk, "reason": "再考"})
    staff_client(officer).post(decide, choices(case, occupation="keep"))
    response = client.post(reverse("case-approve", args=[case.pk]), {"decision": old.pk})
    assert response.status_code == 422
    assert "has been checked already" in response.content.decode()
    assert state_of(case) == Case.Status.AWAITING_APPROVAL


def test_only_the_right_roles_decide_and_approve(
    case: Case, officer: User, approver: User, auditor: User, staff_client: SignIn
) -> None:
    decide = reverse("case-decide", args=[case.pk])
    approve, give_back = reverse("case-approve", args=[case.pk]), reverse("case-return", args=[case.pk])
    for user, address in (
        (approver, decide),
        (auditor, decide),
        (officer, approve),
        (auditor, approve),
        (officer, give_back),
    ):
        assert staff_client(user).post(address).status_code == 403
    assert decide in staff_client(officer).get(reverse("case", args=[case.pk])).content.decode()
    assert decide not in staff_client(approver).get(reverse("case", args=[case.pk])).content.decode()


def test_an_auditor_sees_the_case_masked_and_no_reasons(
    case: Case, officer: User, auditor: User, staff_client: SignIn
) -> None:
    staff_client(officer).post(reverse("case-decide", args=[case.pk]), choices(case))
    page = staff_client(auditor).get(reverse("case", args=[case.pk])).content.decode()
    assert "港島南町" not in page
    assert "証跡と一致" not in page
    assert "●" in page


def test_seeing_a_case_is_on_record_once_in_ten_minutes(
    case: Case, officer: User, auditor: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    for _ in range(3):
        client.get(reverse("case", args=[case.pk]))
    staff_client(auditor).get(reverse("case", args=[case.pk]))
    with transaction.atomic():
        views = list(AuditEvent.objects.filter(event="customer.viewed", target_id=str(case.customer_id)))
    assert [(view.actor_id, view.data) for view in views] == [(str(officer.pk), {"reason": "REVIEW"})]


def test_the_queue_narrows_by_state_and_risk(case: Case, officer: User, staff_client: SignIn) -> None:
    client, address = staff_client(officer), reverse("case", args=[case.pk])
    assert address in client.get(reverse("reviews"), {"status": "OPEN", "tier": "LOW"}).content.decode()
    assert address not in client.get(reverse("reviews"), {"status": "OPEN", "tier": "HIGH"}).content.decode()
    assert address not in client.get(reverse("reviews"), {"status": "CLOSED"}).content.decode()
    assert address in client.get(reverse("reviews"), {"status": "bogus"}).content.decode()


def test_another_banks_case_is_not_found(
    tenant: Tenant, officer: User, approver: User, other_officer: User, staff_client: SignIn
) -> None:
    """T2: each address answers its own bank."""
    with tenant_scope(tenant.pk):
        open_for_business()
        customer = enter(1)
        notified(officer, approver)
        answer(customer, occupation="executive")
        case_id = Case.objects.values_list("pk", flat=True).get()
    assert staff_client(officer).get(reverse("case", args=[case_id])).status_code == 200
    assert staff_client(other_officer).get(reverse("case", args=[case_id])).status_code == 404
    assert staff_client(other_officer).post(reverse("case-decide", args=[case_id])).status_code == 404
    assert str(case_id) not in staff_client(other_officer).get(reverse("reviews")).content.decode()


def test_the_queue_costs_the_same_queries_however_many_cases(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    open_for_business()
    client = staff_client(officer)

    def queries(count: int, first: int) -> int:
        customers = [enter(first + number) for number in range(count)]
        notified(officer, approver)
        for customer in customers:
            answer(customer, occupation="executive")
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get(reverse("reviews")).context["rows"]) >= count
        return len(captured)

    assert queries(3, 1) == queries(20, 100)
