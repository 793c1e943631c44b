"""The operators' pages: one bank at a time, nobody's personal data, every change on record (T21)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import models, transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from cdd.operators.pages import Page
from cdd.operators.site import site
from channels.models import ProviderAccount
from channels.services import ensure_accounts
from tenants.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from tenants.models import Role, Tenant, TenantModel, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM, SignIn
from tests.tenants.builders import one_row_of_each

SEALED = (EncryptedBinaryField, EncryptedJSONField, EncryptedTextField, models.BinaryField)


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"operators:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def pages() -> list[tuple[type[models.Model], Page]]:
    return [(model, page) for model, page in site._registry.items() if isinstance(page, Page)]


@pytest.mark.parametrize(("model", "page"), pages(), ids=lambda value: getattr(value, "__name__", ""))
def test_no_sealed_column_is_shown(model: type[models.Model], page: Page) -> None:
    assert page.columns
    sealed = [name for name in page.columns if isinstance(model._meta.get_field(name), SEALED)]
    assert sealed == []


def test_only_an_operator_enters(
    tenant: Tenant, make_user: Callable[..., User], operator: User, staff_client: SignIn
) -> None:
    index = reverse("operators:index")
    assert Client().get(index).headers["Location"].startswith(reverse("sign-in"))
    for role in (Role.ADMINISTRATOR, Role.OFFICER, Role.APPROVER, Role.AUDITOR):
        assert staff_client(make_user(tenant, role, role.lower())).get(index, follow=True).status_code == 403
    assert staff_client(operator).get(index).status_code == 200


def test_every_address_leads_a_stranger_to_sign_in_and_refuses_every_other_role(
    tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    """T2: generated from the resolver."""
    addresses = [
        "/" + settings.ADMIN_PATH + re.sub(r"<\w+:(\w+)>", "tenants", str(route.pattern)) for route in site.get_urls()
    ]
    assert len(addresses) > 3 * len(pages())
    client = staff_client(officer)
    for place in addresses:
        for method in ("get", "post"):
            assert getattr(Client(), method)(place).headers["Location"].startswith(reverse("sign-in")), place
            assert getattr(client, method)(place).status_code == 403, place


def test_each_page_shows_the_own_banks_row_and_not_the_others(
    tenant: Tenant, other_tenant: Tenant, operator: User, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    """T21: list, filter, row and history; a foreign id is not found like an unknown one."""
    own, foreign = one_row_of_each(tenant, officer), one_row_of_each(other_tenant, other_officer)
    client = staff_client(operator)
    for model, _page in pages():
        if not issubclass(model, TenantModel):
            continue
        listed = client.get(address(model, "changelist")).content.decode()
        assert str(own[model]) in listed, model
        assert str(foreign[model]) not in listed, model
        for page in ("change", "history"):
            assert client.get(address(model, page, own[model])).status_code == 200, (model, page)
            assert client.get(address(model, page, foreign[model])).status_code == 404, (model, page)
        assert client.get(address(model, "changelist"), {"id__exact": str(foreign[model])}).status_code in {200, 302}


def test_the_other_bank_itself_is_not_found(
    tenant: Tenant, other_tenant: Tenant, operator: User, staff_client: SignIn
) -> None:
    client = staff_client(operator)
    assert client.get(address(Tenant, "change", tenant.pk)).status_code == 200
    assert client.get(address(Tenant, "change", other_tenant.pk)).status_code == 404
    assert "komorebi" not in client.get(address(Tenant, "changelist")).content.decode()


def test_a_change_is_made_and_recorded_and_nothing_else_can_be_smuggled_in(
    tenant: Tenant, operator: User, staff_client: SignIn
) -> None:
    """W10: a field that is not changeable keeps its value."""
    data = {
        "phone": "0120-999-999", "phone_hours": tenant.phone_hours, "official_site": tenant.official_site,
        "postal_code": "", "address": "", "status": "SUSPENDED", "slug": "taken-over", "name": "別の銀行",
    }  # fmt: skip
    response = staff_client(operator).post(address(Tenant, "change", tenant.pk), data)
    assert response.status_code == 302
    tenant.refresh_from_db()
    assert (tenant.phone, tenant.status, tenant.slug) == ("0120-999-999", "ACTIVE", "asanagi")
    with tenant_scope(tenant.pk):
        (event,) = AuditEvent.objects.filter(event="tenant.changed_by_operator")
        assert event.actor_id == str(operator.pk)
        assert event.data == {"fields": ["phone"]}


def test_nothing_can_be_added_or_deleted(tenant: Tenant, operator: User, staff_client: SignIn) -> None:
    client = staff_client(operator)
    for model, _page in pages():
        place = address(model, "changelist")
        assert client.get(f"{place}add/").status_code == 404
        assert "delete_selected" not in client.get(place).content.decode()


def test_a_stopped_account_is_resumed_on_record(tenant: Tenant, operator: User, staff_client: SignIn) -> None:
    with tenant_scope(tenant.pk):
        ensure_accounts(
            accounts={"SMS": {"provider": "twilio", "credentials": {}, "options": {}}}, actor=SYSTEM, now=NOW
        )
        ProviderAccount.objects.update(is_paused=True, pause_reason="test")
        (account,) = ProviderAccount.objects.all()
    place = address(ProviderAccount, "changelist")
    staff_client(operator).post(place, {"action": "resume", "_selected_action": [str(account.pk)]})
    with tenant_scope(tenant.pk):
        assert not ProviderAccount.objects.get().is_paused
        assert AuditEvent.objects.filter(event="provideraccount.resumed", actor_id=str(operator.pk)).exists()


def test_on_another_host_the_pages_do_not_exist(
    tenant: Tenant, operator: User, staff_client: SignIn, settings: Any
) -> None:
    settings.ADMIN_HOST = "operators.example"
    settings.ALLOWED_HOSTS = ["testserver", "operators.example"]
    client = staff_client(operator)
    assert client.get(reverse("operators:index")).status_code == 404
    assert client.get(reverse("operators:index"), headers={"host": "operators.example"}).status_code == 200


def test_an_operator_whose_time_is_over_is_out_at_the_next_request(
    tenant: Tenant, operator: User, staff_client: SignIn
) -> None:
    """W12."""
    client = staff_client(operator)
    assert client.get(reverse("operators:index")).status_code == 200
    with transaction.atomic(), tenant_scope(tenant.pk):
        from tenants.models import Membership

        Membership.objects.filter(user=operator).update(valid_until=NOW.replace(year=2020))
    assert client.get(reverse("operators:index")).status_code == 403
