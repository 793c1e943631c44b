"""Branches: they appear with the customer file, administrators name them, and then they can be given."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from tenants.branches import note_branches
from tenants.models import Branch, Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import SignIn
from tests.customers.books import book, person
from tests.customers.test_imports import take

WORKER = Actor.system("customers")


@transaction.atomic
def codes() -> list[str]:
    return list(Branch.objects.order_by("code").values_list("code", flat=True))


def events(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        rows = AuditEvent.objects.filter(target_type="tenants.branch").order_by("id")
        return list(rows.values_list("event", flat=True))


def test_the_branches_of_a_file_appear_with_its_customers_and_once(in_tenant: Tenant, now: datetime) -> None:
    rows = [person(customer_number=f"C{number}", branch_code=code) for number, code in enumerate(("012", "34", "012"))]
    assert take(book(*rows), now).rows_created == 3
    assert codes() == ["012", "034"]
    take(book(*rows, person(customer_number="C9", branch_code="056")), now)
    assert codes() == ["012", "034", "056"]
    assert events(in_tenant).count("branch.found") == 3
    assert events(in_tenant).count("tenants_branch.inserted") == 3


def test_a_file_without_new_branches_costs_one_query(in_tenant: Tenant, now: datetime) -> None:
    many = {f"{number:03}" for number in range(500)}
    note_branches(codes=many, actor=WORKER, now=now)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        note_branches(codes=many, actor=WORKER, now=now)
    assert sum("tenants_branch" in query["sql"] for query in queries) == 1
    assert len(codes()) == 500


def test_an_administrator_adds_and_names_branches(
    tenant: Tenant, other_tenant: Tenant, administrator: User, staff_client: SignIn
) -> None:
    chief = staff_client(administrator)
    assert chief.post(reverse("branches"), {"code": "12", "name": "港支店"}).status_code == 302
    again = chief.post(reverse("branches"), {"code": "012", "name": "別の名"})
    assert again.status_code == 422
    assert 'id="id_code_error"' in again.content.decode()
    assert chief.post(reverse("branches"), {"code": "本店", "name": "本店"}).status_code == 422
    with tenant_scope(tenant.pk):
        branch = Branch.objects.get()
    assert (branch.code, branch.name) == ("012", "港支店")
    assert chief.post(reverse("branch", args=[branch.pk]), {"name": ""}).status_code == 422
    assert chief.post(reverse("branch", args=[branch.pk]), {"name": "港町支店", "code": "999"}).status_code == 302
    with tenant_scope(tenant.pk):
        branch.refresh_from_db()
    assert (branch.code, branch.name) == ("012", "港町支店")
    acts = [event for event in events(tenant) if event.startswith("branch.")]
    assert acts == ["branch.added", "branch.renamed"]
    with tenant_scope(other_tenant.pk):
        assert not Branch.objects.exists()


def test_a_branch_that_was_found_can_be_given(
    tenant: Tenant, administrator: User, branch_staff: User, staff_client: SignIn, now: datetime
) -> None:
    with tenant_scope(tenant.pk):
        note_branches(codes={"034"}, actor=WORKER, now=now)
        branch = Branch.objects.get()
        member = Membership.objects.get(user=branch_staff)
    chief = staff_client(administrator)
    chief.post(reverse("branch", args=[branch.pk]), {"name": "港支店"})
    page = chief.get(reverse("member", args=[member.pk])).content.decode()
    assert str(branch.pk) in page
    assert "034 港支店" in page


@pytest.mark.parametrize("who", ["officer", "branch_staff", "auditor"])
def test_nobody_else_names_branches(who: str, request: pytest.FixtureRequest, staff_client: SignIn) -> None:
    client = staff_client(request.getfixturevalue(who))
    assert client.post(reverse("branches"), {"code": "12", "name": "港支店"}).status_code == 403
