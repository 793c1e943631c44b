"""Home, the page of one customer, the timeline and the audit list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor, record
from audit.transitions import transition
from channels.models import DeliveryAttempt
from customers.models import Customer
from customers.viewing import shown_until
from risk.services import publish_default_policy, rate_customers
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import answer, enter, notified, open_for_business, running, submitted
from tests.conftest import NOW, SYSTEM, SignIn


def english(user: User) -> User:
    user.language = "en"
    user.save(update_fields=["language"])
    return user


def views_of(customer: Customer) -> list[AuditEvent]:
    with transaction.atomic():
        return list(AuditEvent.objects.filter(event="customer.viewed", target_id=str(customer.pk)))


def test_home_is_empty_but_helpful_before_anything_has_happened(officer: User, staff_client: SignIn) -> None:
    page = staff_client(english(officer)).get(reverse("home")).content.decode()
    assert "Nothing waits for you." in page
    assert "No campaign is under way." in page


def test_home_shows_what_waits_for_each_role(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    open_for_business()
    enter(1)
    submitted(officer)
    waiting = f"{reverse('campaigns')}?status=AWAITING_APPROVAL"
    assert waiting in staff_client(approver).get(reverse("home")).content.decode()
    assert waiting not in staff_client(officer).get(reverse("home")).content.decode()


def test_homes_numbers_lead_to_their_lists(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    open_for_business()
    enter(1, tier="HIGH")
    campaign = running(officer, approver)
    client = staff_client(officer)
    page = client.get(reverse("home")).content.decode()
    for address in (
        f"{reverse('customers')}?tier=HIGH",
        f"{reverse('campaign-customers', args=[campaign.pk])}?stage=targeted",
    ):
        assert address in page
        assert "0000000001" in client.get(address).content.decode()


def test_facts_are_masked_until_a_reason_is_given(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer = enter(1)
    client = staff_client(officer)
    page = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert "●" in page
    for secret in ("taro@mail.example.jp", "日本橋1丁目2-3", "090-1234-5678"):
        assert secret not in page
    assert views_of(customer) == []

    assert client.get(reverse("customer-reveal", args=[customer.pk])).status_code == 405
    refused = client.post(reverse("customer-reveal", args=[customer.pk]))
    assert refused.status_code == 422
    assert "taro@mail.example.jp" not in refused.content.decode()
    assert views_of(customer) == []

    shown = client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY"}, follow=True)
    for secret in ("taro@mail.example.jp", "日本橋1丁目2-3", "090-1234-5678"):
        assert secret in shown.content.decode()
    (seen,) = views_of(customer)
    assert seen.actor_id == str(officer.pk)
    assert seen.data == {"reason": "INQUIRY"}


def test_what_was_shown_is_masked_again_after_ten_minutes(db_clean: None) -> None:
    now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    customer = Customer()
    session = {"revealed": {str(customer.pk): (now + timedelta(minutes=10)).isoformat()}}
    assert shown_until(session, customer.pk, now) == now + timedelta(minutes=10)
    assert shown_until(session, customer.pk, now + timedelta(minutes=10)) is None
    assert shown_until(session, Customer().pk, now) is None


def test_showing_one_customer_shows_no_other(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    first, second = enter(1), enter(2)
    client = staff_client(officer)
    client.post(reverse("customer-reveal", args=[first.pk]), {"reason": "REVIEW"})
    assert "taro@mail.example.jp" in client.get(reverse("customer", args=[first.pk])).content.decode()
    assert "taro@mail.example.jp" not in client.get(reverse("customer", args=[second.pk])).content.decode()


def test_a_role_without_personal_data_cannot_have_it_shown(
    in_tenant: Tenant, auditor: User, staff_client: SignIn
) -> None:
    customer = enter(1)
    client = staff_client(auditor)
    assert client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "REVIEW"}).status_code == 403
    page = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert reverse("customer-reveal", args=[customer.pk]) not in page
    assert "taro@mail.example.jp" not in page
    assert views_of(customer) == []


def test_a_customer_page_says_why_the_risk_is_rated_so(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    publish_default_policy(actor=SYSTEM, now=NOW)
    customer = enter(1, handles_cash=True, sends_abroad=None)
    rate_customers(customer_ids=[customer.pk], actor=SYSTEM, now=NOW)
    page = staff_client(english(officer)).get(reverse("customer", args=[customer.pk])).content.decode()
    assert "Large cash transactions" in page
    assert "Not known, so not judged: Remittances abroad" in page


def test_the_timeline_tells_the_whole_story(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    open_for_business()
    customer = enter(1)
    other = enter(2)
    notified(officer, approver)
    answer(customer)
    page = staff_client(english(officer)).get(reverse("customer-timeline", args=[customer.pk])).content.decode()
    for sentence in (
        "A link was issued to customer 0000000001.",
        "A notice to customer 0000000001 is waiting to be sent.",
        "Customer 0000000001 opened the questionnaire.",
        "The answer of customer 0000000001 was received.",
    ):
        assert sentence in page
    assert other.number not in page


def test_a_failed_notice_says_why_and_what_to_do_next(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    """In the timeline and in the campaign's list of customers; a code nobody foresaw is no exception."""
    open_for_business()
    customer = enter(1)
    campaign = notified(officer, approver)
    attempt = fail(customer, code="http_422", channel="LINE")
    client = staff_client(english(officer))
    timeline = reverse("customer-timeline", args=[customer.pk])
    why = "The number has no LINE account that takes notification messages."
    assert f"Why: {why}" in client.get(timeline).content.decode()
    assert why in client.get(reverse("campaign-customers", args=[campaign.pk])).content.decode()
    with transaction.atomic():
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(failure_code="99999", failure_kind="permanent")
    assert "Why: This address does not work on this channel." in client.get(timeline).content.decode()


@transaction.atomic
def fail(customer: Customer, *, code: str, channel: str) -> DeliveryAttempt:
    """The customer's newest notice comes to nothing."""
    attempt: DeliveryAttempt = DeliveryAttempt.objects.filter(notice__customer=customer).latest("created_at")
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(channel=channel)
    changes = {"failure_code": code, "failure_kind": "permanent", "settled_at": NOW}
    transition(attempt, DeliveryAttempt.Status.FAILED, actor=SYSTEM, at=NOW, **changes)
    return attempt


def test_another_banks_customer_is_not_found(
    tenant: Tenant, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    """T2: each address answers its own bank."""
    with tenant_scope(tenant.pk):
        customer = enter(1)
    for name in ("customer", "customer-timeline"):
        address = reverse(name, args=[customer.pk])
        assert staff_client(officer).get(address).status_code == 200
        assert staff_client(other_officer).get(address).status_code == 404
    address = reverse("customer-reveal", args=[customer.pk])
    assert staff_client(other_officer).post(address, {"reason": "REVIEW"}).status_code == 404
    assert staff_client(officer).post(address, {"reason": "REVIEW"}).status_code == 302


def test_the_audit_list_narrows_by_person_subject_customer_and_day(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    customer, other = enter(1), enter(2)
    with transaction.atomic():
        record("customer.viewed", target=customer, actor=Actor.user(officer.pk), at=NOW, reason="REVIEW")
        record("customer.viewed", target=other, actor=Actor.user(approver.pk), at=NOW - timedelta(days=3))
    client = staff_client(english(approver))

    def texts(**wanted: str) -> list[str]:
        lines = client.get(reverse("audit"), wanted).context["lines"]
        return [line.text for line in lines if "looked at" in line.text]

    mine, theirs = (
        f"officer looked at the personal data of customer {customer.number}.",
        f"approver looked at the personal data of customer {other.number}.",
    )
    assert texts() == [theirs, mine]
    assert texts(actor=str(officer.pk)) == [mine]
    assert texts(subject="customer") == [theirs, mine]
    assert texts(subject="campaign") == []
    assert texts(number=customer.number) == [mine]
    assert texts(number="no such") == []
    assert texts(since="2026-11-24", until="2026-11-24") == [mine]
    assert texts(until="2026-11-23") == [theirs]
    assert client.get(reverse("audit"), {"since": "soon"}).status_code == 422


def test_the_audit_list_shows_only_its_own_bank(
    tenant: Tenant, approver: User, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    with tenant_scope(other_officer_tenant(other_officer)):
        foreign = enter(77)
        record("customer.viewed", target=foreign, actor=Actor.user(other_officer.pk), at=NOW)
    page = staff_client(approver).get(reverse("audit")).content.decode()
    assert "0000000077" not in page
    assert str(foreign.pk)[-12:] not in page


def other_officer_tenant(user: User) -> int:
    return Tenant.objects.get(slug=user.email.split("@")[1].split(".")[0]).pk


def test_the_audit_list_needs_its_permission(officer: User, staff_client: SignIn) -> None:
    assert staff_client(officer).get(reverse("audit")).status_code == 403


def test_the_audit_list_costs_the_same_queries_however_many_records(
    in_tenant: Tenant, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(approver)

    def queries(count: int, first: int) -> int:
        with transaction.atomic():
            for number in range(count):
                record("customer.viewed", target=enter(first + number), actor=Actor.user(approver.pk), at=NOW)
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("audit"))
        return len(captured)

    assert queries(5, 1) == queries(40, 100)
