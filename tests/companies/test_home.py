"""News about companies on the home page of whoever deals with it."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.test import Client
from django.urls import reverse

from companies.models import ChangeKind, CompanyNews
from tenants.models import Tenant, User
from tests.conftest import NOW, english
from tests.customers.related.behind import company


def test_open_news_waits_on_the_home_page(
    in_tenant: Tenant, officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    card = "Company news to deal with"
    client = staff_client(english(officer))
    assert card not in client.get(reverse("home")).content.decode()
    customer = company()
    with transaction.atomic():
        made = {"kind": ChangeKind.MOVED, "change": 1, "happened_on": NOW.date(), "found_at": NOW}
        CompanyNews.objects.create(customer=customer, before={}, after={}, **made)
    page = client.get(reverse("home")).content.decode()
    assert card in page
    assert reverse("company-news") in page
    with transaction.atomic():
        CompanyNews.objects.update(status=CompanyNews.Status.NO_MATTER, decided_by=officer.pk, decided_at=NOW)
    assert card not in client.get(reverse("home")).content.decode()
