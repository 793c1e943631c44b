"""An institution's own domain, taken into use as its people would, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from audit.services import Actor
from tenants.domains.models import TenantDomain
from tenants.domains.proving import record_name, record_value
from tenants.domains.services import approve_domain, look_at_domains, propose_domain
from tenants.domains.serving import forget_hosts
from tenants.models import Role, Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import MakeUser
from tests.nameserver import Nameserver

HOST = "kakunin.asanagi.example"
ADDRESSES = ["192.0.2.10"]


class Registrar:
    """Who looks after DNS, and the two people of each institution who let a domain be used."""

    def __init__(self, nameserver: Nameserver, make_user: MakeUser) -> None:
        self.records = nameserver.records
        self.make_user = make_user
        self.people: dict[int, tuple[Actor, Actor]] = {}
        self.records["service.example", "A"] = ADDRESSES

    def two_of(self, tenant: Tenant) -> tuple[Actor, Actor]:
        """Who proposes, and who approves."""
        if tenant.pk not in self.people:
            proposer = self.make_user(tenant, Role.ADMINISTRATOR, "settings")
            second = self.make_user(tenant, Role.APPROVER, "second")
            self.people[tenant.pk] = (Actor.user(proposer.pk), Actor.user(second.pk))
        return self.people[tenant.pk]

    def agree(self, tenant: Tenant, host: str = HOST, *, now: datetime) -> TenantDomain:
        """Proposed and approved; DNS says nothing yet."""
        proposer, second = self.two_of(tenant)
        with tenant_context(tenant.pk):
            domain = propose_domain(host=host, actor=proposer, now=now)
            approve_domain(domain=domain, actor=second, now=now)
        return domain

    def publish(self, domain: TenantDomain) -> None:
        """Both records."""
        self.records[record_name(domain.host), "TXT"] = [f'"{record_value(domain.challenge)}"']
        self.records[domain.host, "CNAME"] = ["service.example"]

    def withdraw(self, domain: TenantDomain) -> None:
        """Neither of them."""
        self.records.pop((record_name(domain.host), "TXT"), None)
        self.records.pop((domain.host, "CNAME"), None)

    def look(self, domain: TenantDomain, *, now: datetime) -> TenantDomain:
        """As the task does; the domain as it is then."""
        with tenant_context(domain.tenant_id):
            look_at_domains(now=now)
        with tenant_scope(domain.tenant_id):
            domain.refresh_from_db()
        return domain

    def take_into_use(self, tenant: Tenant, host: str = HOST, *, now: datetime) -> TenantDomain:
        """All of it."""
        domain = self.agree(tenant, host, now=now)
        self.publish(domain)
        return self.look(domain, now=now)


@pytest.fixture
def registrar(nameserver: Nameserver, make_user: MakeUser, settings: Any) -> Iterator[Registrar]:
    """At a service whose host is service.example."""
    settings.DOMAINS_TARGET = "service.example"
    settings.DNS_SERVERS = [nameserver.address]
    forget_hosts()
    yield Registrar(nameserver, make_user)
    forget_hosts()
