"""The page of own domains: what is to be set in DNS, what DNS says, and the two people who let it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.domains import services
from tenants.domains.addresses import base_at
from tenants.domains.forms import DomainForm
from tenants.domains.models import TenantDomain
from tenants.domains.naming import is_under, shown
from tenants.domains.proving import Seen, leading_record, record_name, record_value
from tenants.domains.selectors import coming_domain, lapsed_lately, live_domains, past_domains
from tenants.domains.services import FAILURES, DomainRefused
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = TenantDomain.Status


@dataclass(frozen=True, slots=True)
class Shown:
    """A domain as the page shows it."""

    domain: TenantDomain
    seen: Seen | None
    readable: str  # in letters, where the host is written in others in DNS
    is_foreign: bool  # it is not below the institution's own site
    txt_name: str
    txt_value: str
    address: str
    chances: int  # so many more looks may find a record missing


@require_GET
@requires(Permission.VIEW_SENDING)
def domains(request: StaffRequest) -> HttpResponse:
    """What is on its way, what is in use, what was before."""
    return _page(request)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def propose(request: StaffRequest) -> HttpResponse:
    """Ask for a host."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        services.propose_domain(host=form.cleaned_data["host"], actor=request.actor, now=timezone.now())
    except DomainRefused as refused:
        form.add_error("host", str(refused))
        return _page(request, form)
    messages.success(request, _("The domain is proposed. A second person has to approve it."))
    return redirect("domains")


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda tenant_domain_id: reverse("domains"))
def approve(request: StaffRequest, tenant_domain_id: UUID) -> HttpResponse:
    """Let it be taken into use once DNS proves it."""
    done = _("Approved. It is taken into use as soon as DNS has both records.")
    return _do(request, tenant_domain_id, services.approve_domain, done)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def reject(request: StaffRequest, tenant_domain_id: UUID) -> HttpResponse:
    """Do without it."""
    done = _("The change is rejected; nothing has changed.")
    return _do(request, tenant_domain_id, services.reject_domain, done)


@require_POST
@transaction.non_atomic_requests
@requires(Permission.MANAGE_SETTINGS)
def look(request: StaffRequest, tenant_domain_id: UUID) -> HttpResponse:
    """Ask DNS now, which takes some seconds, and do what follows."""
    with transaction.atomic():
        domain = _domain(tenant_domain_id)
    try:
        seen = services.look_at(domain=domain, actor=request.actor, now=timezone.now())
    except DomainRefused as refused:
        with transaction.atomic():
            return _page(request, refusal=str(refused))
    with transaction.atomic():
        now_is = _domain(tenant_domain_id)
        if seen is None:
            messages.error(request, _("DNS did not answer. Try again later."))
        elif now_is.status == Status.IN_FORCE and domain.status == Status.APPROVED:
            messages.success(request, _("DNS proves the domain. New notices lead there from now on."))
        elif seen.is_good:
            messages.success(request, _("Both records are as they should be."))
        else:
            messages.error(request, _("A record is missing or differs. What DNS says is shown below."))
        return redirect("domains")


@require_POST
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in(lambda tenant_domain_id: reverse("domains"))
def retire(request: StaffRequest, tenant_domain_id: UUID) -> HttpResponse:
    """Lead no new notice there."""
    done = _("New notices do not lead there any more. Links that customers have go on working.")
    return _do(request, tenant_domain_id, services.retire_domain, done)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
@requires_recent_sign_in(lambda tenant_domain_id: reverse("domains"))
def end(request: StaffRequest, tenant_domain_id: UUID) -> HttpResponse:
    """Answer there no more."""
    done = _("Nothing is answered there any more. Remove both records from DNS.")
    return _do(request, tenant_domain_id, services.end_domain, done)


def _do(request: StaffRequest, tenant_domain_id: UUID, act: Callable[..., Any], done: str) -> HttpResponse:
    try:
        act(domain=_domain(tenant_domain_id), actor=request.actor, now=timezone.now())
    except DomainRefused as refused:
        return _page(request, refusal=str(refused))
    messages.success(request, done)
    return redirect("domains")


def _domain(tenant_domain_id: UUID) -> TenantDomain:
    found: TenantDomain = get_object_or_404(TenantDomain.objects.all(), pk=tenant_domain_id)
    return found


def _page(request: StaffRequest, form: DomainForm | None = None, refusal: str = "") -> HttpResponse:
    coming, live = coming_domain(), live_domains()
    page = past_domains(cursor=request.GET.get("after") or request.GET.get("before"))
    people = [one.proposed_by for one in (*page.items, *live, *([coming] if coming else []))]
    site = urlsplit(request.tenant.official_site).hostname or ""
    context = {
        "coming": _shown(coming, site) if coming else None,
        "is_proposed": coming is not None and coming.status == Status.PROPOSED,
        "is_own": coming and request.membership.did((coming.proposed_by, coming.proposed_person)),
        "lapsed": lapsed_lately(),
        "live": [_shown(domain, site) for domain in live],
        "form": form or DomainForm(),
        "target": leading_record(),
        "site": site,
        "page": page,
        "people": names_of(people),
        "refusal": refusal,
    }
    failed = bool(refusal or (form and form.errors))
    return render(request, "staff/domains/page.html", context, status=422 if failed else 200)


def _shown(domain: TenantDomain, site: str) -> Shown:
    return Shown(
        domain=domain,
        seen=Seen.of(domain.seen),
        readable=shown(domain.host),
        is_foreign=not is_under(domain.host, site),
        txt_name=record_name(domain.host),
        txt_value=record_value(domain.challenge),
        address=base_at(domain.host) + "/",
        chances=FAILURES - domain.failures,
    )
