"""The pages of exports: from the filtered list to the file, by the people whose work it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.exporting.models import CustomerExport
from customers.exporting.services import make_waiting
from customers.segments.models import Segment
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.exporting.ordering import content, fresh, made

type Browse = Callable[[User], Client]


def posted(**more: Any) -> dict[str, Any]:
    columns = ["customer_number", "name"]
    return {"columns": columns, "purpose": "FIGURES", "matter": "2026-15", "encoding": "cp932", **more}


@transaction.atomic
def the_export() -> CustomerExport:
    found: CustomerExport = CustomerExport.objects.get()
    return found


def test_the_whole_way_by_two_people(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.exporting.selectors.USUAL", 1)
    enter(1, tier="HIGH")
    enter(2, tier="HIGH")
    enter(3)
    maker, checker = staff_client(officer), staff_client(approver)
    listed = maker.get(reverse("customers"), {"tier": "HIGH"}).content.decode()
    order = reverse("export-new") + "?tier=HIGH"
    assert f'href="{order}"' in listed
    page = maker.get(order)
    assert page.context["count"].customers == 2
    assert 'value="account_number" checked' not in page.content.decode()
    assert maker.post(order, posted()).status_code == 302
    export = the_export()
    address = reverse("export", args=[export.pk])
    assert f'hx-get="{address}"' in maker.get(address).content.decode()
    assert maker.get(address, headers={"HX-Request": "true"}).status_code == 204
    make_waiting(actor=SYSTEM, now=NOW)
    assert maker.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    file, approve = reverse("export-file", args=[export.pk]), reverse("export-approve", args=[export.pk])
    assert maker.post(file).status_code == 422
    assert maker.post(approve, {"seen": fresh(export).sha256}).status_code == 403
    assert checker.post(approve, {"seen": "other"}).status_code == 422
    shown = checker.get(address).content.decode()
    assert fresh(export).sha256 in shown
    assert checker.post(approve, {"seen": fresh(export).sha256}).status_code == 302


def test_the_one_who_ordered_it_downloads_it_and_nobody_else(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User
) -> None:
    enter(1)
    export = made(officer, now=timezone.now())
    file = reverse("export-file", args=[export.pk])
    answer = staff_client(officer).post(file)
    assert answer.content == content(export)
    assert 'filename="customers-asanagi-' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert staff_client(approver).post(file).status_code == 422
    assert (
        reverse("export-file", args=[export.pk])
        not in staff_client(approver).get(reverse("export", args=[export.pk])).content.decode()
    )
    assert Client().post(file).status_code == 302, "to the sign-in"
    with transaction.atomic():
        CustomerExport.objects.update(kept_until=NOW.replace(year=2020))
    assert staff_client(officer).post(file).status_code == 422


@pytest.mark.parametrize(
    "wrong", [{"columns": []}, {"purpose": ""}, {"matter": ""}, {"matter": "山田 太郎"}, {"columns": ["nobody"]}]
)
def test_an_order_without_purpose_matter_or_columns_is_not_taken(
    in_tenant: Tenant, staff_client: Browse, officer: User, wrong: dict[str, Any]
) -> None:
    enter(1)
    client = staff_client(officer)
    assert client.post(reverse("export-new"), posted(**wrong)).status_code == 422
    with transaction.atomic():
        assert not CustomerExport.objects.exists()
    assert client.post(reverse("export-new"), posted()).status_code == 302, "control"


def test_a_second_order_is_answered_with_a_sentence(in_tenant: Tenant, staff_client: Browse, officer: User) -> None:
    enter(1)
    client = staff_client(officer)
    assert client.post(reverse("export-new"), posted()).status_code == 302
    assert client.post(reverse("export-new"), posted()).status_code == 422


def test_another_ones_own_filter_and_searched_words_narrow_nothing(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User
) -> None:
    enter(1, tier="HIGH")
    enter(2)
    document = {"schema": 1, "conditions": [{"field": "risk_tier", "any_of": ["HIGH"]}]}
    with transaction.atomic():
        own = Segment.objects.create(name="x", document=document, owner=approver.pk, created_at=NOW, changed_at=NOW)
    order = f"{reverse('export-new')}?segment={own.pk}"
    assert staff_client(officer).get(order).context["count"].customers == 2
    assert staff_client(approver).get(order).context["count"].customers == 1, "control"
    assert staff_client(officer).get(reverse("export-new"), {"search": "sealed"}).context["has_search"]
    assert not staff_client(officer).get(reverse("export-new")).context["has_search"], "control"


def test_not_approved_and_thrown_away(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.exporting.selectors.USUAL", 0)
    enter(1)
    export = made(officer)
    reject = reverse("export-reject", args=[export.pk])
    assert staff_client(approver).post(reject, {"reason": ""}).status_code == 422
    assert staff_client(approver).post(reject, {"reason": "Too many"}).status_code == 302
    assert "Too many" in staff_client(officer).get(reverse("export", args=[export.pk])).content.decode()
    other = made(officer)
    discard = reverse("export-discard", args=[other.pk])
    assert staff_client(approver).post(discard).status_code == 422
    assert staff_client(officer).post(discard).status_code == 302
    assert (fresh(other).status, content(other)) == ("DISCARDED", b"")
    assert staff_client(officer).get(reverse("exports")).status_code == 200


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.BRANCH_STAFF, Role.CONTRACTOR])
def test_other_roles_have_no_button_and_no_page(
    in_tenant: Tenant, staff_client: Browse, make_user: MakeUser, role: str
) -> None:
    more = {"branch_code": "001"} if role == Role.BRANCH_STAFF else {}
    client = staff_client(make_user(in_tenant, role, "somebody", **more))
    assert client.get(reverse("export-new")).status_code == 403
    listed = client.get(reverse("customers"))
    assert reverse("export-new") not in listed.content.decode()
