"""Segments on the pages: built, counted, kept, shared, renamed, removed, and used above the list of customers."""

from __future__ import annotations

from contextvars import Context
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from customers.models import Customer
from customers.segments.models import Segment
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser, SignIn
from tests.customers.books import book, company, person
from tests.customers.taking import take

HX = {"HX-Request": "true"}
HIGH = {"name": "高リスク先", "risk_tier": ["HIGH"]}


@pytest.fixture
def rated(in_tenant: Tenant, officer: User, staff_client: SignIn) -> Client:
    """Ten customers, three of them of high risk; the officer's browser."""
    client = staff_client(officer)
    take(client, book(company(), *(person(customer_number=f"{number:010d}") for number in range(1, 10))))
    with transaction.atomic():
        Customer.objects.update(risk_tier="LOW")
        Customer.objects.filter(number__in=["C-1", "0000000001", "0000000002"]).update(risk_tier="HIGH")
    return client


def shown(client: Client, address: str) -> list[str]:
    page = client.get(address)
    assert page.status_code == 200
    return sorted(customer.number for customer, _ in page.context["rows"])


def keep(client: Client, **fields: Any) -> str:
    """The address that the saved filter leads to."""
    answer = client.post(reverse("segment-new"), {**HIGH, **fields})
    assert answer.status_code == 302, answer.context["form"].errors
    return str(answer.headers["Location"])


@transaction.atomic
def only() -> Segment:
    found: Segment = Segment.objects.get()
    return found


def test_conditions_are_counted_while_they_are_put_together(rated: Client) -> None:
    """By htmx the number alone, without script the whole page with what was chosen."""
    count = reverse("segment-count")
    part = rated.post(count, {"risk_tier": ["HIGH"]}, headers=HX)
    assert part.context["count"].customers == 3
    assert b"<html" not in part.content
    assert b'id="count"' in part.content
    whole = rated.post(count, {"risk_tier": ["HIGH"], "kind": ["COMPANY"], "name": "まだ"})
    assert whole.context["count"].customers == 1
    assert b"<html" in whole.content
    assert b'value="HIGH" id="id_risk_tier_0" checked' in whole.content
    assert "まだ" in whole.content.decode()
    assert rated.post(count, {}).context["count"].customers == 10
    with transaction.atomic():
        assert not Segment.objects.exists()


def test_what_lacks_something_is_named_at_its_field(rated: Client) -> None:
    for fields, wrong in (
        ({"next_review_on": "within"}, "next_review_on_days"),
        ({"next_review_on": "within", "next_review_on_days": "-1"}, "next_review_on_days"),
        ({"next_review_on": "until"}, "next_review_on_day"),
        ({"next_review_on": "until", "next_review_on_day": "2027-02-30"}, "next_review_on_day"),
        ({"next_review_on": "soon"}, "next_review_on"),
        ({"risk_tier": ["HUGE"]}, "risk_tier"),
        ({"risk_tier": [], "x": "y"}, "__all__"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
    ):
        answer = rated.post(reverse("segment-new"), {**HIGH, **fields})
        assert (answer.status_code, set(answer.context["form"].errors)) == (422, {wrong}), fields
        part = rated.post(reverse("segment-count"), {"name": "x", **fields}, headers=HX)
        assert part.status_code == 200  # whoever is still choosing has made no mistake
        assert (part.context["count"] is None) == (wrong not in {"__all__", "name"} or len(fields.get("name", "")) > 60)


def test_a_saved_filter_stands_above_the_list_and_narrows_it(rated: Client) -> None:
    address = keep(rated)
    segment = only()
    assert address == f"{reverse('customers')}?segment={segment.pk}"
    assert shown(rated, address) == ["0000000001", "0000000002", "C-1"]
    assert shown(rated, f"{address}&kind=COMPANY") == ["C-1"]
    assert shown(rated, reverse("customers"))[:1] == ["0000000001"]
    assert f"segment={segment.pk}" in rated.get(reverse("customers")).content.decode()
    found = rated.post(reverse("customer-search"), {"search": "0000000002", "segment": str(segment.pk)}, follow=True)
    assert [customer.number for customer, _ in found.context["rows"]] == ["0000000002"]
    found = rated.post(reverse("customer-search"), {"search": "0000000003", "segment": str(segment.pk)}, follow=True)
    assert found.context["rows"] == []
    for nonsense in ("x", "01930000-0000-7000-8000-000000000000"):
        assert len(shown(rated, f"{reverse('customers')}?segment={nonsense}")) == 10


def test_the_builder_shows_what_was_kept_and_takes_changes(rated: Client) -> None:
    days = {"next_review_on": "within", "next_review_on_days": "30", "next_review_on_or_missing": "on"}
    keep(rated, **days, nationality=["VN", "-"], has_channel=["LINE"])
    segment = only()
    form = rated.get(reverse("segment", args=[segment.pk])).context["form"]
    resent = {name: value for name in form.fields if (value := form[name].value()) not in (None, "", [], False)}
    assert resent["nationality"] == ["VN", "-"]
    answer = rated.post(reverse("segment", args=[segment.pk]), {**resent, "segment": str(segment.pk)})
    assert answer.status_code == 302
    assert only().document == segment.document
    rated.post(reverse("segment", args=[segment.pk]), {"name": "低リスク先", "risk_tier": ["LOW"]})
    changed = only()
    assert (changed.name, changed.document["conditions"]) == ("低リスク先", [{"field": "risk_tier", "any_of": ["LOW"]}])
    assert len(shown(rated, f"{reverse('customers')}?segment={segment.pk}")) == 7


def test_an_own_filter_is_nobody_elses_until_it_is_shared(
    rated: Client, approver: User, branch_staff: User, staff_client: SignIn
) -> None:
    """T2: what is not shared is not found, by its id either; what is shared cannot be changed by others."""
    address = keep(rated)
    segment = only()
    page, remove = reverse("segment", args=[segment.pk]), reverse("segment-remove", args=[segment.pk])
    for user in (approver, branch_staff):
        other = staff_client(user)
        assert other.get(page).status_code == 404
        assert other.post(page, HIGH).status_code == 404
        assert other.post(remove).status_code == 404
        assert str(segment.pk) not in other.get(reverse("customers")).content.decode()
        assert str(segment.pk) not in other.get(reverse("segments")).content.decode()
    rated.post(page, {**HIGH, "is_shared": "on"})
    assert only().is_shared
    other = staff_client(approver)
    assert shown(other, address) == ["0000000001", "0000000002", "C-1"]
    assert other.get(page).status_code == 200
    assert other.post(page, HIGH).status_code == 403
    assert other.post(remove).status_code == 403
    at_branch = staff_client(branch_staff)
    assert str(segment.pk) in at_branch.get(reverse("customers")).content.decode()
    assert shown(at_branch, address) == []  # nobody of these is a customer of 012
    assert only().name == "高リスク先"


def test_whoever_plans_looks_after_what_is_shared(rated: Client, make_user: MakeUser, staff_client: SignIn) -> None:
    keep(rated, is_shared="on")
    with transaction.atomic():
        tenant = Segment.objects.get().tenant
    colleague = staff_client(make_user(tenant, Role.OFFICER, "colleague"))
    page = reverse("segment", args=[only().pk])
    assert colleague.post(page, {**HIGH, "name": "改名", "is_shared": "on"}).status_code == 302
    assert only().name == "改名"
    assert colleague.post(reverse("segment-remove", args=[only().pk])).status_code == 302
    with transaction.atomic():
        assert not Segment.objects.exists()


def test_only_who_plans_shares(rated: Client, approver: User, staff_client: SignIn) -> None:
    client = staff_client(approver)
    assert "is_shared" not in client.get(reverse("segment-new")).context["form"].fields
    keep(client, is_shared="on")
    assert not only().is_shared


def test_every_change_of_a_filter_is_on_the_record(rated: Client) -> None:
    keep(rated)
    page = reverse("segment", args=[only().pk])
    rated.post(page, {**HIGH, "name": "改名"})
    rated.post(reverse("segment-remove", args=[only().pk]))
    with transaction.atomic():
        events = AuditEvent.objects.filter(event__startswith="segment.", kind="ACT").order_by("pk")
        assert [event.event for event in events] == ["segment.saved", "segment.changed", "segment.removed"]


def test_another_banks_filter_is_nobodys(other_officer: User, rated: Client, staff_client: SignIn) -> None:
    """T2, with the owner as the control."""
    address = keep(rated, is_shared="on")
    stranger = staff_client(other_officer)
    page = reverse("segment", args=[only().pk])
    assert Context().run(stranger.get, page).status_code == 404
    assert Context().run(stranger.get, address).context["segment"] is None
    assert rated.get(address).context["segment"] is not None, "control"


def test_the_list_costs_the_same_queries_with_many_filters(rated: Client, officer: User, tenant: Tenant) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            rated.get(address)
        return len(captured)

    address = keep(rated)
    queries(address)
    few = queries(address)
    with tenant_scope(tenant.pk):
        kept = Segment.objects.get()
        for number in range(30):
            again = {"document": kept.document, "owner": officer.pk, "created_at": kept.created_at}
            Segment.objects.create(name=f"{number:02}", changed_at=kept.changed_at, **again)
    assert queries(address) <= few + 1  # the chosen one is not among the first and is read by its id
