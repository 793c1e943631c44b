"""The demonstration's register: the file of a past day, the differences since, and what lies on the desk for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from cdd.demo.banks import BANKS
from cdd.demo.registering import load_register, look_around
from companies.models import CompanyNews, CorporateRecord, RegistryCertificate
from tenants.models import Role, Tenant
from tenants.scoping import tenant_context
from tests.companies.conftest import Agency, Make, number_of
from tests.conftest import MakeUser
from tests.customers.books import company


def test_a_new_demonstration_has_news_and_certificates_at_once(
    tenant: Tenant,
    agency: Agency,
    make_user: MakeUser,
    customer_of: Make,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """The full file is that of its day, so that what happened since is news; done twice it is there once."""
    settings.DATA_DIR, settings.UPLOAD_SCAN = tmp_path, "off"
    (tmp_path / "books").mkdir()
    make_user(tenant, Role.OFFICER, "officer")
    make_user(tenant, Role.ADMINISTRATOR, "admin")
    today, now = timezone.localdate(), timezone.now()
    rows = [company(customer_number=f"C{n}", corporate_number=number_of(n)) for n in range(1, 4)]
    for row in rows:
        customer_of(**row)
    agency.knows(*rows)
    day = today - timedelta(days=9)
    agency.happens((number_of(1), f"moved:{day}"), (number_of(2), f"renamed:{day}"))
    for _ in range(2):
        load_register(sandbox_url=settings.SANDBOX_URL, today=today, now=now)
        look_around(BANKS[0], today=today, now=now)
    assert CorporateRecord.objects.get(pk=number_of(1)).changed_on == day
    with tenant_context(tenant.pk), transaction.atomic():
        assert sorted(CompanyNews.objects.values_list("kind", flat=True)) == ["MOVED", "RENAMED"]
        statuses = sorted(RegistryCertificate.objects.values_list("status", flat=True))
    assert statuses == ["REQUESTED", "TRANSCRIBED"]
