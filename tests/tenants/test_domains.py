"""Own domains: two people, what DNS has to prove, and that what is lost is let go of (T, W)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from audit.models import AuditEvent
from audit.services import Actor
from tenants.domains.models import ServedHost, TenantDomain, id_of
from tenants.domains.proving import LeadingRecord, leading_record, record_name, record_value
from tenants.domains.selectors import troubled_domains
from tenants.domains.services import (
    APART,
    FAILURES,
    PATIENCE,
    SILENCE,
    DomainRefused,
    approve_domain,
    end_domain,
    look_at,
    propose_domain,
    reject_domain,
    retire_domain,
)
from tenants.domains.serving import tenant_at
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tenants.tasks import look_at_own_domains
from tests.conftest import MakeUser
from tests.nameserver import nameserver
from tests.tenants.domains import HOST, Registrar, registrar

__all__ = ["nameserver", "registrar"]

Status = TenantDomain.Status


# Two people and DNS


def test_a_domain_needs_two_people_and_both_records(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    proposer, second = registrar.two_of(tenant)
    with tenant_context(tenant.pk):
        domain = propose_domain(host=HOST.upper(), actor=proposer, now=now)
        registrar.publish(domain)
        assert registrar.look(domain, now=now).status == Status.PROPOSED, "nobody asks DNS before it is approved"
        with pytest.raises(DomainRefused):
            approve_domain(domain=domain, actor=proposer, now=now)
        approve_domain(domain=domain, actor=second, now=now)
    registrar.withdraw(domain)
    assert registrar.look(domain, now=now).status == Status.APPROVED
    registrar.records[domain.host, "CNAME"] = ["service.example"]
    assert registrar.look(domain, now=now).status == Status.APPROVED, "leading here alone proves nothing"
    assert tenant_at(HOST) is None
    registrar.publish(domain)
    assert registrar.look(domain, now=now).status == Status.IN_FORCE
    tenant.refresh_from_db()
    assert tenant.own_host == HOST
    assert tenant_at(HOST) == tenant.pk
    with tenant_scope(tenant.pk):
        events = set(AuditEvent.objects.filter(event__startswith="tenantdomain.").values_list("event", flat=True))
    assert {"tenantdomain.proposed", "tenantdomain.approved", "tenantdomain.in_force"} <= events


def test_one_person_with_two_accounts_is_one(
    registrar: Registrar, tenant: Tenant, make_user: MakeUser, now: datetime
) -> None:
    one = make_user(tenant, Role.ADMINISTRATOR, "one", staff_number="S-1")
    again = make_user(tenant, Role.APPROVER, "again", staff_number="S-1")
    with tenant_context(tenant.pk):
        domain = propose_domain(host=HOST, actor=Actor.user(one.pk), now=now)
        with pytest.raises(DomainRefused):
            approve_domain(domain=domain, actor=Actor.user(again.pk), now=now)


def test_the_table_refuses_one_person_too(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    proposer, _second = registrar.two_of(tenant)
    with tenant_context(tenant.pk):
        domain = propose_domain(host=HOST, actor=proposer, now=now)
        signed = {"approved_by": domain.proposed_by, "approved_person": domain.proposed_person, "approved_at": now}
        for status in (Status.APPROVED, Status.IN_FORCE):
            with pytest.raises(IntegrityError), transaction.atomic():
                TenantDomain.objects.filter(pk=domain.pk).update(status=status, **signed)
        with pytest.raises(IntegrityError), transaction.atomic():
            TenantDomain.objects.filter(pk=domain.pk).update(status=Status.IN_FORCE)


def test_addresses_at_the_top_of_a_domain_prove_it_too(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    domain = registrar.agree(tenant, "asanagi.example", now=now)
    registrar.records[record_name(domain.host), "TXT"] = ['"other"', f'"{record_value(domain.challenge)}"']
    registrar.records[domain.host, "A"] = ["192.0.2.10", "198.51.100.7"]
    assert registrar.look(domain, now=now).status == Status.APPROVED, "one of two addresses is a stranger's"
    registrar.records[domain.host, "A"] = ["192.0.2.10"]
    assert registrar.look(domain, now=now).status == Status.IN_FORCE


def test_the_proof_of_one_institution_is_none_of_another(
    registrar: Registrar, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    """Take-over of a name that still leads here: the stranger cannot answer their own challenge."""
    mine = registrar.take_into_use(tenant, now=now)
    theirs = registrar.agree(other_tenant, HOST, now=now)
    assert registrar.look(theirs, now=now).status == Status.APPROVED
    with tenant_context(tenant.pk):
        end_domain(domain=mine, actor=registrar.two_of(tenant)[0], now=now)
    assert registrar.look(theirs, now=now).status == Status.APPROVED, "the old records still lead here"
    assert tenant_at(HOST) is None


def test_a_host_is_one_institutions_only(
    registrar: Registrar, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    """T: also where both have proved it, as sisters of one group can."""
    mine, theirs = registrar.take_into_use(tenant, now=now), registrar.agree(other_tenant, HOST, now=now)
    both = [f'"{record_value(domain.challenge)}"' for domain in (mine, theirs)]
    registrar.records[record_name(HOST), "TXT"] = both
    assert registrar.look(theirs, now=now).status == Status.APPROVED
    assert theirs.seen["is_taken"]
    assert tenant_at(HOST) == tenant.pk
    with tenant_scope(other_tenant.pk), pytest.raises(IntegrityError), transaction.atomic():
        ServedHost.objects.create(id=id_of(HOST), host=HOST, domain=theirs)
    with tenant_context(tenant.pk):
        end_domain(domain=mine, actor=registrar.two_of(tenant)[0], now=now)
    assert registrar.look(theirs, now=now).status == Status.IN_FORCE
    assert tenant_at(HOST) == other_tenant.pk


def test_nobody_keeps_a_name_from_its_owner_by_asking_first(
    registrar: Registrar, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    registrar.agree(other_tenant, HOST, now=now)
    assert registrar.take_into_use(tenant, now=now).status == Status.IN_FORCE


# Losing it


@pytest.mark.parametrize(
    ("target", "kind", "value"),
    [
        ("pages.service.example", "CNAME", "pages.service.example."),
        ("192.0.2.10", "A", "192.0.2.10"),
        ("2001:db8::10", "AAAA", "2001:db8::10"),
    ],
)
def test_what_leads_to_the_service_is_said_as_dns_has_it(
    settings: Settings, target: str, kind: str, value: str
) -> None:
    settings.DOMAINS_TARGET = target
    assert leading_record() == LeadingRecord(kind, value)


def test_a_domain_whose_records_are_gone_lapses(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    """W: a name that is somebody else's tomorrow is answered on no more, and no notice leads there."""
    domain = registrar.take_into_use(tenant, now=now)
    registrar.withdraw(domain)
    at = now
    for look in range(1, FAILURES):
        at += timedelta(minutes=10)
        assert registrar.look(domain, now=at).status == Status.IN_FORCE
        assert domain.failures == look
        with tenant_scope(tenant.pk):
            assert troubled_domains() == 1
        assert registrar.look(domain, now=at + APART / 2).failures == look, "looking again at once counts once"
    assert registrar.look(domain, now=at + timedelta(minutes=10)).status == Status.LAPSED
    tenant.refresh_from_db()
    assert tenant.own_host == ""
    assert tenant_at(HOST) is None
    registrar.publish(domain)
    assert registrar.look(domain, now=at + timedelta(hours=1)).status == Status.LAPSED, "what lapsed stays so"
    again = registrar.agree(tenant, now=at)
    assert again.challenge != domain.challenge
    assert registrar.look(again, now=at).status == Status.APPROVED, "and its old proof proves nothing"


@pytest.mark.parametrize("gone", ["TXT", "CNAME"])
def test_either_record_is_enough_to_lose_it(registrar: Registrar, tenant: Tenant, now: datetime, gone: str) -> None:
    domain = registrar.take_into_use(tenant, now=now)
    registrar.records.pop((record_name(HOST) if gone == "TXT" else HOST, gone))
    for look in range(FAILURES):
        registrar.look(domain, now=now + (look + 1) * timedelta(minutes=10))
    assert domain.status == Status.LAPSED


def test_a_record_that_comes_back_in_time_loses_nothing(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    domain = registrar.take_into_use(tenant, now=now)
    registrar.withdraw(domain)
    for look in range(FAILURES - 1):
        registrar.look(domain, now=now + (look + 1) * timedelta(minutes=10))
    registrar.publish(domain)
    assert registrar.look(domain, now=now + timedelta(hours=1)).failures == 0
    assert domain.status == Status.IN_FORCE


def test_silence_is_no_answer_until_it_lasts(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    """A nameserver that fails for an hour loses nobody a domain; one that nobody runs any more does."""
    domain = registrar.take_into_use(tenant, now=now)
    registrar.records[record_name(HOST), "TXT"] = ["SERVFAIL"]
    for hours in (0, 1, 23):
        assert registrar.look(domain, now=now + timedelta(hours=hours)).status == Status.IN_FORCE
    assert registrar.look(domain, now=now + SILENCE).status == Status.LAPSED


def test_an_approval_does_not_wait_for_ever(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    domain = registrar.agree(tenant, now=now)
    assert registrar.look(domain, now=now + PATIENCE - timedelta(hours=1)).status == Status.APPROVED
    assert registrar.look(domain, now=now + PATIENCE).status == Status.LAPSED


def test_the_next_domain_takes_over_and_the_old_one_still_answers(
    registrar: Registrar, tenant: Tenant, now: datetime
) -> None:
    old = registrar.take_into_use(tenant, now=now)
    new = registrar.take_into_use(tenant, "tetsuzuki.asanagi.example", now=now)
    with tenant_scope(tenant.pk):
        old.refresh_from_db()
    tenant.refresh_from_db()
    assert (old.status, new.status) == (Status.RETIRING, Status.IN_FORCE)
    assert tenant.own_host == new.host
    assert tenant_at(old.host) == tenant_at(new.host) == tenant.pk
    actor = registrar.two_of(tenant)[0]
    with tenant_context(tenant.pk):
        retire_domain(domain=new, actor=actor, now=now)
        end_domain(domain=old, actor=actor, now=now)
    tenant.refresh_from_db()
    assert tenant.own_host == ""
    assert tenant_at(old.host) is None
    assert tenant_at(new.host) == tenant.pk


def test_the_task_looks_at_every_institution_and_writes_once(
    registrar: Registrar, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    mine = registrar.take_into_use(tenant, now=now)
    theirs = registrar.agree(other_tenant, "kakunin.komorebi.example", now=now)
    registrar.publish(theirs)
    registrar.withdraw(mine)
    with tenant_scope(tenant.pk):
        TenantDomain.objects.filter(pk=mine.pk).update(failures=FAILURES - 1, checked_at=now - timedelta(days=9))
    mail.outbox.clear()
    assert look_at_own_domains() == 0
    assert tenant_at(theirs.host) == other_tenant.pk
    assert tenant_at(mine.host) is None
    with tenant_scope(tenant.pk):
        assert troubled_domains() == 1, "the home page says so"
    [letter] = mail.outbox
    assert letter.to == ["settings@asanagi.example"]
    assert mine.host in letter.subject + str(letter.body)
    assert look_at_own_domains() == 0
    assert len(mail.outbox) == 1


def test_what_strangers_publish_is_kept_short_and_printable(
    registrar: Registrar, tenant: Tenant, now: datetime
) -> None:
    domain = registrar.agree(tenant, now=now)
    hostile = ['"\\000\\007<script>alert(1)</script>' + "x" * 200 + '"', *(f'"{n}"' for n in range(20))]
    registrar.records[record_name(HOST), "TXT"] = hostile
    registrar.look(domain, now=now)
    assert len(domain.seen["texts"]) == 5
    assert all(len(text) <= 120 and text.isprintable() for text in domain.seen["texts"])


def test_a_look_that_finds_nothing_new_is_not_written_down(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    """The trail keeps every row that changes, and DNS is asked 144 times a day."""
    domain = registrar.take_into_use(tenant, now=now)
    first = registrar.look(domain, now=now + timedelta(hours=2)).checked_at
    assert registrar.look(domain, now=now + timedelta(hours=2, minutes=30)).checked_at == first
    assert registrar.look(domain, now=now + timedelta(hours=3)).checked_at != first


# The walls


def test_other_institutions_see_no_domain(
    registrar: Registrar, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    registrar.take_into_use(tenant, now=now)
    with tenant_scope(other_tenant.pk):
        assert not TenantDomain.objects.exists()
        assert not ServedHost.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_servedhost")
        assert cursor.fetchone() == (0,), "without a scope only the look-up answers"
        cursor.execute("SELECT * FROM keizoku_served_hosts()")
        assert cursor.fetchall() == [(HOST, tenant.pk)], "and it tells no more than what DNS says anyway"


# The page


@pytest.fixture
def clients(
    tenant: Tenant, administrator: User, approver: User, staff_client: Callable[[User], Client]
) -> tuple[Client, Client]:
    return staff_client(administrator), staff_client(approver)


def test_staff_take_a_domain_into_use_on_the_page(registrar: Registrar, clients: tuple[Client, Client]) -> None:
    admin, second = clients
    with translation.override("en"):
        refused = admin.post("/domains/propose/", {"host": "192.0.2.1"})
        assert refused.status_code == 422
        assert admin.post("/domains/propose/", {"host": f"https://{HOST}/"}).status_code == 302
    with tenant_scope(Tenant.objects.get(slug="asanagi").pk):
        domain = TenantDomain.objects.get()
    page = admin.get("/domains/").content.decode()
    assert HOST in page
    assert f"/domains/{domain.pk}/approve/" not in page, "whoever proposed does not approve"
    assert admin.post(f"/domains/{domain.pk}/approve/").status_code == 422
    assert admin.post(f"/domains/{domain.pk}/look/").status_code == 422, "nobody asks DNS before it is approved"
    assert second.post(f"/domains/{domain.pk}/approve/").status_code == 302
    page = admin.get("/domains/").content.decode()
    assert record_name(HOST) in page
    assert record_value(domain.challenge) in page
    assert admin.post(f"/domains/{domain.pk}/look/").status_code == 302
    assert "<code" in admin.get("/domains/").content.decode()
    registrar.publish(domain)
    assert admin.post(f"/domains/{domain.pk}/look/").status_code == 302
    assert f"http://{HOST}:8000/check/" in admin.get("/domains/").content.decode()
    assert admin.post(f"/domains/{domain.pk}/retire/").status_code == 302
    assert admin.post(f"/domains/{domain.pk}/end/").status_code == 302
    assert admin.post(f"/domains/{domain.pk}/end/").status_code == 422
    assert tenant_at(HOST) is None


def test_a_proposal_is_taken_back_or_rejected(registrar: Registrar, tenant: Tenant, now: datetime) -> None:
    proposer, second = registrar.two_of(tenant)
    with tenant_context(tenant.pk):
        for actor in (proposer, second):
            domain = propose_domain(host=HOST, actor=proposer, now=now)
            with pytest.raises(DomainRefused):
                propose_domain(host="other.asanagi.example", actor=proposer, now=now)
            reject_domain(domain=domain, actor=actor, now=now)
            assert domain.status == Status.REJECTED
        with pytest.raises(DomainRefused):
            propose_domain(host=HOST, actor=second, now=now)
        with pytest.raises(DomainRefused):
            look_at(domain=domain, actor=proposer, now=now)
    with tenant_scope(tenant.pk):
        domain.refresh_from_db()
    assert domain.status == Status.REJECTED
