"""Telling of circumstances: what is believed of it, what it holds up, and what staff make of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from channels.models import DeliveryAttempt
from customers.flags.models import CustomerFlag
from outreach.claims.services import ClaimRefused, confirm_claim, dismiss_claim
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import SignIn
from tests.portal.helping import answer, ask, claims, tell
from tests.portal.journey import end_of, page_of, prove, walk
from tests.questionnaires.filing import Sent, plan_review


def test_the_bereaved_tell_it_without_proof_and_nothing_irreversible_follows(
    person: Sent, superuser: psycopg.Connection
) -> None:
    """An unproved claim reveals nothing, changes nothing of the customer, and locks nobody out."""
    tables = ["customers_customer", "customers_customerflag", "questionnaires_response", "questionnaires_accesslink"]
    tables += ["customers_contactpoint", "outreach_outreachtask"]

    def everything() -> list[object]:
        return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]

    before, stranger = everything(), Client()
    form = stranger.get(f"/r/{person.token}/help/circumstances/deceased/").content.decode()
    assert form.index('class="notice"') < form.index("<form method"), "what it does stands above the form"
    names = ("deceased", "guardian", "helper", "not-mine", "refusal")
    for name in names[:3]:
        page = tell(stranger, person.token, name)
        text = page.content.decode()
        assert page_of(page) == "sent", name
        for secret in ("花子", "杉並", "5678", "4567", "1948"):
            assert secret not in text, (name, secret)
    assert page_of(tell(stranger, person.token, "refusal")) == "many"
    assert everything() == before
    assert [claim.is_proved for claim in claims(person)] == [False] * 3
    customer = Client()
    assert prove(customer, person).status_code == 302, "the customer is not locked out"
    walk(customer, person)
    assert customer.post("/r/answer/check/", {"action": "submit"}).status_code == 302


def test_every_claim_looks_the_same_whatever_was_told_before(person: Sent) -> None:
    def shape(page: Any) -> str:
        return re.sub(r'value="[^"]*"|\d', "", page.content.decode())

    first, second = (shape(tell(Client(), person.token, "deceased")) for _ in range(2))
    assert first == second


def test_after_proof_a_claim_is_marked_as_proved(person: Sent, visitor: Client) -> None:
    assert page_of(tell(visitor, "", "refusal", reason="ALL")) == "sent"
    (claim,) = claims(person)
    assert claim.is_proved
    with tenant_scope(person.tenant.pk):
        assert claim.details == {"reason": "ALL", "text": "お知らせします"}


def test_a_claim_holds_what_waits_for_a_while_and_lets_it_go_again(
    tenant: Tenant, person: Sent, officer: User, open_accounts: None, visitor: Client, now: datetime
) -> None:
    ask(visitor)
    answer(person, officer)

    def waits_until() -> datetime:
        with tenant_scope(person.tenant.pk):
            found: datetime = DeliveryAttempt.objects.get().not_before
            return found

    assert waits_until() <= timezone.now()
    tell(Client(), person.token, "not-mine")
    (claim,) = claims(person)
    assert waits_until() == claim.quiet_until
    assert claim.quiet_until - claim.told_at == timedelta(days=14)
    with tenant_context(tenant.pk):
        dismiss_claim(claim=claim, finding="いたずら", actor=Actor.user(officer.pk), now=timezone.now())
    assert waits_until() <= timezone.now()


def test_a_confirmed_death_puts_the_flag_on_and_ends_the_asking(
    tenant: Tenant, person: Sent, officer: User, now: datetime, staff_client: SignIn
) -> None:
    plan_review(tenant, person, now=now)
    tell(Client(), person.token, "deceased")
    (claim,) = claims(person)
    client = staff_client(officer)
    page = client.get(reverse("claim", args=[claim.pk])).content.decode()
    assert "山田 一郎" in page
    address = reverse("claim-decide", args=[claim.pk])
    missing = client.post(address, {"decision": "confirm", "finding": "戸籍を確認"})
    assert missing.status_code == 422, "since when is not said"
    decided = client.post(address, {"decision": "confirm", "finding": "戸籍を確認", "from_on": "2026-11-01"})
    assert decided.status_code == 302
    with tenant_scope(tenant.pk):
        assert CustomerFlag.objects.get().kind == CustomerFlag.Kind.DECEASED
        assert Response.objects.get().status == Response.Status.CANCELLED
    again = client.post(address, {"decision": "dismiss", "finding": "x"})
    assert again.status_code == 422, "decided once"


def test_a_confirmed_refusal_leads_the_review_where_silence_leads_it(
    tenant: Tenant, person: Sent, officer: User, now: datetime
) -> None:
    from campaigns.models import PeriodicReview

    plan_review(tenant, person, now=now)
    tell(Client(), person.token, "refusal")
    (claim,) = claims(person)
    with tenant_context(tenant.pk):
        confirm_claim(claim=claim, finding="電話で確認", from_on=None, actor=Actor.user(officer.pk), now=timezone.now())
    with tenant_scope(tenant.pk):
        assert PeriodicReview.objects.get().status == PeriodicReview.Status.NO_ANSWER
    customer = Client()
    prove(customer, person)
    walk(customer, person)
    assert customer.post("/r/answer/check/", {"action": "submit"}).status_code == 302, "an answer counts all the same"
    with tenant_scope(tenant.pk):
        assert PeriodicReview.objects.get().status != PeriodicReview.Status.NO_ANSWER


def test_a_notice_that_reached_somebody_else_marks_the_address_and_ends_the_link(
    tenant: Tenant, person: Sent, officer: User
) -> None:
    from customers.models import ContactPoint

    tell(Client(), person.token, "not-mine")
    (claim,) = claims(person)
    with tenant_context(tenant.pk):
        confirm_claim(
            claim=claim, finding="転送不要で返戻", from_on=None, actor=Actor.user(officer.pk), now=timezone.now()
        )
    with tenant_scope(tenant.pk):
        assert ContactPoint.objects.get(channel="POST").health == ContactPoint.Health.RETURNED
        assert ContactPoint.objects.get(channel="PHONE").health != ContactPoint.Health.RETURNED
        assert AccessLink.objects.get().expires_at <= timezone.now()
    assert end_of(prove(Client(), person)) == "expired"


def test_who_may_flag_nobody_decides_nothing(tenant: Tenant, person: Sent, auditor: User, staff_client: SignIn) -> None:
    tell(Client(), person.token, "deceased")
    (claim,) = claims(person)
    client = staff_client(auditor)
    assert client.post(reverse("claim-decide", args=[claim.pk]), {"finding": "x"}).status_code == 403
    assert "山田 一郎" not in client.get(reverse("claim", args=[claim.pk])).content.decode()
    with tenant_context(tenant.pk), pytest.raises(ClaimRefused):
        confirm_claim(claim=claim, finding="x", from_on=None, actor=Actor.user(auditor.pk), now=timezone.now())


def test_a_company_cannot_be_told_to_have_died(company: Sent) -> None:
    assert Client().get(f"/r/{company.token}/help/circumstances/deceased/").status_code == 404
    assert tell(Client(), company.token, "deceased").status_code == 404
    page = Client().get(f"/r/{company.token}/help/circumstances/").content.decode()
    assert "/deceased/" not in page
    assert "/refusal/" in page
