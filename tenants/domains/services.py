"""Taking a domain into use and letting go of it: proposed by one person, approved by another, proved by DNS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import transition
from tenants.dns import Dns, DnsSilent
from tenants.domains.models import LIVE, WATCHED, ServedHost, TenantDomain, id_of
from tenants.domains.naming import HostRefused, read_host
from tenants.domains.proving import Seen, look, new_challenge, target
from tenants.domains.serving import forget_hosts
from tenants.domains.wording import REFUSALS
from tenants.models import Tenant, tenant_in_scope
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

Status = TenantDomain.Status
SYSTEM = Actor.system("domains")
# So many looks in a row may find a record gone, so far apart at least, before the domain lapses.
FAILURES = 3
APART = timedelta(minutes=5)
# How long nobody may be able to say anything about it: a lame delegation can be taken over.
SILENCE = timedelta(hours=24)
# How long an approval waits for DNS.
PATIENCE = timedelta(days=30)
# A look that found all in order is written down so often; the trail keeps every row that changes.
_NOTED = timedelta(hours=1)


class DomainRefused(Refused):
    """What was asked for is not possible; its text is a sentence for the person who asked."""

    WAITING = _("This domain is in use already, or another one is on its way.")


_STEPS = Steps(DomainRefused)


@transaction.atomic
def propose_domain(*, host: str, actor: Actor, now: datetime) -> TenantDomain:
    """Ask for a host, as somebody typed it.

    Raises:
        DomainRefused: it may not be had, another is on its way, or the actor may not.
    """
    try:
        name = read_host(host, ours=_our_hosts(), others=_known_sites())
    except HostRefused as refused:
        raise DomainRefused(str(REFUSALS[refused.code])) from refused
    asked = TenantDomain(host=name, challenge=new_challenge())
    return _STEPS.propose(asked, Permission.MANAGE_SETTINGS, actor=actor, now=now, host=name)


@transaction.atomic
def approve_domain(*, domain: TenantDomain, actor: Actor, now: datetime) -> None:
    """Let it be taken into use as soon as DNS proves it.

    Raises:
        DomainRefused: the actor proposed it, under whatever account; may not; or somebody was faster.
    """
    _STEPS.approve(domain, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def reject_domain(*, domain: TenantDomain, actor: Actor, now: datetime) -> None:
    """Do without it; whoever proposed it may take it back so.

    Raises:
        DomainRefused: the actor may not, or it is decided already.
    """
    _STEPS.reject(domain, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def retire_domain(*, domain: TenantDomain, actor: Actor, now: datetime) -> None:
    """Write it into no new notice; links that customers have go on working.

    Raises:
        DomainRefused: the actor may not, or it is not in use.
    """
    _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    _STEPS.move(domain, Status.RETIRING, actor=actor, now=now)
    _lead_to("")


@transaction.atomic
def end_domain(*, domain: TenantDomain, actor: Actor, now: datetime) -> None:
    """Answer there no more, at once: links that customers have to it are dead.

    Raises:
        DomainRefused: the actor may not, or it has ended.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    _leave(domain, Status.ENDED, actor=actor, now=now, ended_by=standing.user_id)


def look_at(*, domain: TenantDomain, actor: Actor, now: datetime) -> Seen | None:
    """Ask DNS about a domain and do what follows; None if DNS does not answer. No transaction may be open.

    Raises:
        DomainRefused: nobody has approved it, or it is not used any more.
    """
    if domain.status not in WATCHED:
        raise DomainRefused(str(DomainRefused.TOO_LATE))
    try:
        seen = look(domain.host, domain.challenge, Dns(settings.DNS_SERVERS))
    except DnsSilent:
        seen = None
    with transaction.atomic():
        held = TenantDomain.objects.filter(pk=domain.pk, status__in=WATCHED).select_for_update().first()
        if held is not None:
            _settle(held, seen, actor=actor, now=now)
    return seen


def look_at_domains(*, now: datetime) -> int:
    """Look at every domain of the tenant in scope that waits for DNS or is answered on; returns how many."""
    with transaction.atomic():
        domains = list(TenantDomain.objects.filter(status__in=WATCHED).order_by("pk"))
    for domain in domains:
        look_at(domain=domain, actor=SYSTEM, now=now)
    return len(domains)


def _settle(domain: TenantDomain, seen: Seen | None, *, actor: Actor, now: datetime) -> None:
    if seen is None:
        since = domain.silent_since or now
        _note(domain, silent_since=since, checked_at=now)
        if now - since >= SILENCE:
            record("tenantdomain.silent", target=domain, actor=SYSTEM, at=now, host=domain.host)
            _lapse(domain, now)
        return
    is_failing = domain.status in LIVE and not seen.is_good
    if is_failing and domain.failures and domain.checked_at and now - domain.checked_at < APART:
        return  # a look too soon after the last tells nothing new
    failures = domain.failures + 1 if is_failing else 0
    noted = {"seen": seen.document(), "failures": failures, "silent_since": None}
    is_news = any(getattr(domain, name) != value for name, value in noted.items())
    if is_news or actor.kind == "user" or domain.checked_at is None or now - domain.checked_at >= _NOTED:
        _note(domain, checked_at=now, **noted)
    if domain.status == Status.APPROVED and seen.is_good:
        _take_into_use(domain, actor=actor, now=now)
    elif domain.status == Status.APPROVED and domain.approved_at and now - domain.approved_at >= PATIENCE:
        record("tenantdomain.never_proved", target=domain, actor=SYSTEM, at=now, host=domain.host)
        _lapse(domain, now)
    elif failures >= FAILURES:
        found = {"is_proved": seen.is_proved, "leads_here": seen.leads_here}
        record("tenantdomain.lost", target=domain, actor=SYSTEM, at=now, host=domain.host, **found)
        _lapse(domain, now)


def _take_into_use(domain: TenantDomain, *, actor: Actor, now: datetime) -> None:
    """In place of the one before, which goes on answering."""
    try:
        with transaction.atomic():
            ServedHost.objects.create(id=id_of(domain.host), host=domain.host, domain=domain)
    except IntegrityError:
        # Another institution is served there. Its own looks at DNS will find that it has lost it.
        _note(domain, seen={**domain.seen, "is_taken": True})
        return
    before = TenantDomain.objects.filter(status=Status.IN_FORCE).select_for_update().first()
    if before is not None:
        transition(before, Status.RETIRING, actor=actor, at=now)
    transition(domain, Status.IN_FORCE, actor=actor, at=now, in_force_at=now, failures=0)
    _lead_to(domain.host)


def _lapse(domain: TenantDomain, now: datetime) -> None:
    _leave(domain, Status.LAPSED, actor=SYSTEM, now=now)


def _leave(domain: TenantDomain, to: str, *, actor: Actor, now: datetime, **changes: Any) -> None:
    """Neither answer there nor write it into notices, from this transaction on."""
    leads = domain.status == Status.IN_FORCE
    _STEPS.move(domain, to, actor=actor, now=now, ended_at=now, **changes)
    ServedHost.objects.filter(domain=domain).delete()
    if leads:
        _lead_to("")
    transaction.on_commit(forget_hosts)


def _lead_to(host: str) -> None:
    Tenant.objects.filter(pk=tenant_in_scope().pk).update(own_host=host)
    transaction.on_commit(forget_hosts)


def _note(domain: TenantDomain, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(domain, name, value)
    domain.save(update_fields=list(changes))


def _our_hosts() -> set[str]:
    named = {urlsplit(settings.PUBLIC_BASE_URL).hostname or "", target(), settings.ADMIN_HOST, settings.BOUNCES_HOST}
    return {host.lower().lstrip(".") for host in (*named, *settings.ALLOWED_HOSTS) if host not in ("", "*")}


def _known_sites() -> set[str]:
    sites = Tenant.objects.values_list("official_site", flat=True)
    return {host for host in (urlsplit(site).hostname for site in sites) if host}
