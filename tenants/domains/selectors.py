"""Reading domains: what is on its way, what is in use, what was before."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from tenants.domains.models import LIVE, TenantDomain
from tenants.keyset import Page, keyset_page

Status = TenantDomain.Status
_FORTNIGHT = timedelta(days=14)
_OVER = (Status.LAPSED, Status.ENDED, Status.REJECTED)


def coming_domain() -> TenantDomain | None:
    """What is proposed, or approved and waiting for DNS."""
    return TenantDomain.objects.filter(status__in=[Status.PROPOSED, Status.APPROVED]).first()


def live_domains() -> list[TenantDomain]:
    """Those that are answered on, the one in use first."""
    return list(TenantDomain.objects.filter(status__in=LIVE).order_by("status", "-in_force_at"))


def past_domains(*, cursor: str | None = None) -> Page[TenantDomain]:
    """Those that lapsed, were ended or rejected, newest first."""
    rows = TenantDomain.objects.filter(status__in=_OVER)
    return keyset_page(rows, order=("-proposed_at", "-id"), cursor=cursor)


def hosts_left() -> frozenset[str]:
    """Hosts that were answered on and are not any more."""
    rows = TenantDomain.objects.filter(in_force_at__isnull=False).values_list("host", "status")
    hosts: dict[bool, set[str]] = {True: set(), False: set()}
    for host, status in rows:
        hosts[status in LIVE].add(host)
    return frozenset(hosts[False] - hosts[True])


def lapsed_lately() -> TenantDomain | None:
    """What lapsed within a fortnight, unless something was proposed since."""
    latest: TenantDomain | None = TenantDomain.objects.order_by("-proposed_at", "-id").first()
    if latest is None or latest.status != Status.LAPSED:
        return None
    recent: TenantDomain | None = TenantDomain.objects.filter(pk=latest.pk, ended_at__gt=Now() - _FORTNIGHT).first()
    return recent


def troubled_domains() -> int:
    """Domains in use of which DNS does not say what it should, and one that lapsed for it."""
    troubled = Q(failures__gt=0) | Q(silent_since__isnull=False)
    failing = int(TenantDomain.objects.filter(troubled, status__in=LIVE).count())
    return failing + (lapsed_lately() is not None)
