"""Did the bank send this? The page that answers by a number, and says nothing else to anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from channels.models import DeliveryAttempt, Notice, ProviderAccount
from channels.numbers import new_number, written
from customers.models import Customer
from portal import guessing
from tenants.models import Tenant
from tenants.scoping import tenant_scope

Status = DeliveryAttempt.Status


def notice_of(tenant: Tenant, *, status: str = Status.DELIVERED, at: datetime, channel: str = "SMS") -> str:
    """A notice that was tried at ``at``; its number."""
    number = new_number()
    with tenant_scope(tenant.pk):
        customer = Customer(number=uuid4().hex[:12], kind="INDIVIDUAL")
        customer.profile = {"name": "山田 節子"}
        customer.save()
        account, _ = ProviderAccount.objects.get_or_create(
            channel=channel,
            defaults={
                "provider": "twilio",
                "public_id": uuid4().hex,
                "credentials": {"auth_token": "top-secret"},
                "options": {"sender": "+815050000000", "base_url": "https://internal.example"},
            },
        )
        notice = Notice.objects.create(
            customer=customer, reference=uuid4(), purpose="REQUEST", number=number, created_at=at
        )
        attempt = DeliveryAttempt(
            notice=notice,
            account=account,
            channel=channel,
            status=status,
            not_before=at,
            created_at=at,
            first_tried_at=at,
        )
        attempt.snapshot = {"to": "+819012345678", "text": "秘密の文面"}
        attempt.save()
    return number


def ask(slug: str, number: str) -> tuple[int, str]:
    response = Client().post(f"/check/{slug}/", {"number": number})
    return response.status_code, response.content.decode()


def plain(page: str) -> str:
    """Without the token of the form."""
    import re

    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page)


def test_a_notice_of_ours_is_confirmed_with_its_day_and_its_channel_and_nothing_more(tenant: Tenant) -> None:
    at = timezone.now() - timedelta(days=3)
    number = notice_of(tenant, at=at)
    for typed in (number, written(number), f" {written(number).lower()} "):
        status, page = ask("asanagi", typed)
        assert status == 200
        assert 'data-page="authenticity"' in page
        day = timezone.localtime(at)
        assert f"{day.year}年{day.month}月{day.day}日" in page
        assert "SMS" in page
    for private in ("山田", "819012345678", "秘密の文面", "top-secret", "internal.example"):
        assert private not in page
    assert "+815050000000" in page, "the official sender is listed"


def test_unknown_foreign_old_and_unsent_look_alike(tenant: Tenant, other_tenant: Tenant) -> None:
    now = timezone.now()
    known = notice_of(tenant, at=now)
    foreign = notice_of(other_tenant, at=now)
    old = notice_of(tenant, at=now - timedelta(days=401))
    waiting = notice_of(tenant, at=now, status=Status.QUEUED)
    failed = notice_of(tenant, at=now, status=Status.FAILED)
    answers = {
        (status, plain(page))
        for status, page in (ask("asanagi", n) for n in (new_number(), foreign, old, waiting, failed))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert ask("asanagi", known)[0] == 200  # positive control
    assert ask("komorebi", foreign)[0] == 200


def test_an_outcome_we_do_not_know_may_have_arrived(tenant: Tenant) -> None:
    assert ask("asanagi", notice_of(tenant, at=timezone.now(), status=Status.UNKNOWN))[0] == 200


def test_a_mistyped_number_is_told_apart_and_costs_nothing(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "LIMIT", 2)
    for _ in range(4):
        assert ask("asanagi", "K7F3M-W9RX")[0] == 422


def test_guessing_is_bounded(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    number = notice_of(tenant, at=timezone.now())
    monkeypatch.setattr(guessing, "LIMIT", 3)
    assert ask("asanagi", new_number())[0] == 404
    for _ in range(3):
        ask("asanagi", new_number())
    status, page = ask("asanagi", number)
    assert status == 429
    assert number not in page


def test_an_institution_that_is_not_there_looks_like_any_wrong_address(tenant: Tenant) -> None:
    response = Client().get("/check/nobody/")
    assert response.status_code == 404
    with transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(status=Tenant.Status.SUSPENDED)
    assert plain(Client().get("/check/asanagi/").content.decode()).replace("asanagi", "nobody") == plain(
        response.content.decode()
    )


def test_the_page_has_the_headers_of_every_customer_page(tenant: Tenant) -> None:
    response = Client().get("/check/asanagi/")
    assert response.status_code == 200
    assert "script-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert Client(enforce_csrf_checks=True).post("/check/asanagi/", {"number": "x"}).status_code == 403
