"""Notices lead to the bank's own domain while it has one; what waits when it is lost leads to the service instead."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels.models import DeliveryAttempt
from channels.posting import render_waiting, sheet_of
from channels.protocols import Channel
from channels.readdressing import lead_to_where_we_are
from channels.services import queue_notices
from customers.models import ContactPoint
from tenants.domains.addresses import base_at, base_of
from tenants.domains.models import TenantDomain
from tenants.domains.services import end_domain, retire_domain
from tenants.keys import cipher
from tenants.models import Tenant, tenant_in_scope
from tests.channels.conftest import POINT_OF, SYSTEM, MakeCustomer, Weather, again, change, request_for
from tests.channels.test_sending import send
from tests.tenants.domains import HOST, Registrar, registrar

__all__ = ["registrar"]

OWN = base_at(HOST)


@pytest.fixture
def domain(bank: Tenant, registrar: Registrar, now: datetime) -> TenantDomain:
    """In use by the bank."""
    return registrar.take_into_use(bank, now=now)


@transaction.atomic
def queued(make_customer: MakeCustomer, channel: Channel, now: datetime) -> DeliveryAttempt:
    """A notice as campaigns queue it."""
    customer = make_customer()
    point = ContactPoint.objects.get(customer=customer, channel=POINT_OF[channel])
    asked = request_for(customer, channel, point, uuid4())
    asked = replace(asked, url=f"{base_of(tenant_in_scope())}/r/{uuid4().hex.upper()}/")
    return queue_notices(requests=[asked], actor=SYSTEM, now=now)[0]


@transaction.atomic
def said(attempt: DeliveryAttempt) -> str:
    """All that is sent."""
    words = dict(DeliveryAttempt.objects.get(pk=attempt.pk).snapshot)
    return json.dumps({**words, "bank": ""}, ensure_ascii=False)


def end(registrar: Registrar, domain: TenantDomain, now: datetime) -> None:
    [actor, _second] = registrar.people[domain.tenant_id]
    with transaction.atomic():
        domain = TenantDomain.objects.get(pk=domain.pk)
        end_domain(domain=domain, actor=actor, now=now)


@pytest.mark.parametrize("channel", list(Channel))
def test_a_notice_leads_to_the_banks_own_domain(
    bank: Tenant, domain: TenantDomain, make_customer: MakeCustomer, weather: Weather, now: datetime, channel: Channel
) -> None:
    attempt = queued(make_customer, channel, now)
    assert f"{OWN}/r/" in said(attempt)
    assert settings.PUBLIC_BASE_URL not in said(attempt)
    assert send(bank, channel, now) == 1
    assert f"{OWN}/r/" in said(attempt)


@pytest.mark.parametrize("channel", list(Channel))
def test_what_waited_while_the_domain_was_lost_leads_to_the_service(
    bank: Tenant,
    domain: TenantDomain,
    registrar: Registrar,
    make_customer: MakeCustomer,
    weather: Weather,
    now: datetime,
    channel: Channel,
) -> None:
    """W: the name may be a stranger's by now, who would be sent the bank's customers."""
    attempt = queued(make_customer, channel, now)
    end(registrar, domain, now)
    assert send(bank, channel, now) == 1
    assert HOST not in said(attempt)
    assert f"{settings.PUBLIC_BASE_URL}/r/" in said(attempt)
    assert again(attempt).status == "ACCEPTED"
    [message] = weather.messages()
    assert HOST not in json.dumps(message, ensure_ascii=False, default=str)


def test_a_letter_is_printed_with_the_address_that_answers(
    bank: Tenant, domain: TenantDomain, registrar: Registrar, make_customer: MakeCustomer, now: datetime
) -> None:
    attempt = queued(make_customer, Channel.POST, now)
    with transaction.atomic():
        cipher()
        wording = sheet_of(DeliveryAttempt.objects.get(pk=attempt.pk)).wording
    assert (wording.check_page, wording.entry_page) == (f"{OWN}/check/", f"{OWN}/")
    end(registrar, domain, now)
    assert render_waiting(now=now) == 1
    with transaction.atomic():
        cipher()
        wording = sheet_of(DeliveryAttempt.objects.get(pk=attempt.pk)).wording
    service = settings.PUBLIC_BASE_URL
    assert (wording.check_page, wording.entry_page) == (f"{service}/check/asanagi/", f"{service}/b/asanagi/")
    assert wording.url.startswith(f"{service}/r/")


def test_a_push_that_was_tried_before_stays_as_it_was(
    bank: Tenant, domain: TenantDomain, registrar: Registrar, make_customer: MakeCustomer, now: datetime
) -> None:
    """LINE takes another message under the same retry key for a mistake."""
    attempt = queued(make_customer, Channel.LINE, now)
    change(attempt, tries=2)
    end(registrar, domain, now)
    with transaction.atomic():
        cipher()
        lead_to_where_we_are([again(attempt)])
    assert f"{OWN}/r/" in said(attempt)


def test_a_domain_that_is_only_left_keeps_its_links(
    bank: Tenant, domain: TenantDomain, registrar: Registrar, make_customer: MakeCustomer, now: datetime
) -> None:
    attempt = queued(make_customer, Channel.SMS, now)
    with transaction.atomic():
        retire_domain(domain=domain, actor=registrar.people[bank.pk][0], now=now)
    assert send(bank, Channel.SMS, now) == 1
    assert f"{OWN}/r/" in said(attempt)
    assert f"{settings.PUBLIC_BASE_URL}/r/" in said(queued(make_customer, Channel.SMS, now))


def test_a_bank_without_a_domain_pays_one_query(bank: Tenant, make_customer: MakeCustomer, now: datetime) -> None:
    attempts = [again(queued(make_customer, Channel.SMS, now)) for _ in range(3)]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        lead_to_where_we_are(attempts)
    assert len([one for one in queries if "tenantdomain" in one["sql"]]) == len(queries) == 1
