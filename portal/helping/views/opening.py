"""Who opens a page of help: whoever holds a link, or the customer on a visit, who proved who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from audit.acting import acting
from outreach.tellers import Teller
from portal import guessing, pages
from portal.hosting import at_home
from portal.pages import customer_page
from portal.visiting import VisitOver, active_tenant, load_visit
from questionnaires import links
from questionnaires.models import Response
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tenants.sign_in import lockout


@dataclass(frozen=True, slots=True)
class Helped:
    """Somebody on a page of help. ``token`` is "" on a visit."""

    tenant: Tenant
    response: Response
    teller: Teller
    token: str

    @property
    def is_proved(self) -> bool:
        """Whether the customer proved who they are."""
        return self.teller.is_proved

    def url(self, name: str, *arguments: object) -> str:
        """Another page of help, reached as this one was."""
        return help_url(name, self.token, *arguments)


type HelpView[**P] = Callable[Concatenate[HttpRequest, Helped, P], HttpResponse]


def help_url(name: str, token: str, *arguments: object) -> str:
    """The address of a page of help, with the link or on the visit."""
    if token:
        return reverse(f"portal:help-{name}-by-link", args=[token, *arguments])
    return reverse(f"portal:help-{name}", args=arguments)


def helping[**P](view: HelpView[P]) -> Callable[..., HttpResponse]:
    """Open a page of help by its link or its visit. Neither what was answered nor a lock or a past day closes it.

    Who only holds a link learns nothing about the customer here, and has nothing of the customer's to read.
    """

    @customer_page
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now, token = timezone.now(), str(kwargs.pop("token", ""))
        if request.method == "POST" and (until := _flooded(request, now)):
            return pages.show_busy(request, until=until, now=now)
        helped = _by_link(request, token, now) if token else _by_visit(request, now)
        if isinstance(helped, HttpResponse):
            return helped
        pages.prefer_language(request, helped.response.language)
        with tenant_context(helped.tenant.pk), acting(helped.teller.actor):
            return view(request, helped, *args, **kwargs)

    return opened


def _by_link(request: HttpRequest, token: str, now: datetime) -> Helped | HttpResponse:
    if until := guessing.refused_until(request, now=now):
        return pages.show_busy(request, until=until, now=now)
    tenant_id = links.tenant_of(token)
    tenant = at_home(request, active_tenant(tenant_id)) if tenant_id else None
    if not tenant:
        guessing.count_miss(request, now=now)
        return pages.show_unknown(request)
    with tenant_scope(tenant.pk):
        link = links.find_link(token)
    if link is None:
        return pages.show_unknown(request)
    teller = Teller(link.response.customer, link.pk, link.response.reference, _language(), is_proved=False)
    return Helped(tenant, link.response, teller, token)


def _by_visit(request: HttpRequest, now: datetime) -> Helped | HttpResponse:
    try:
        visit = load_visit(request, now=now)
    except VisitOver as over:
        return pages.show_timeout(request, over.tenant)
    if visit.response.status == Response.Status.CANCELLED:
        return pages.show_end(request, visit.tenant, "cancelled")
    teller = Teller(visit.customer, visit.link_id, visit.response.reference, _language(), is_proved=True)
    return Helped(visit.tenant, visit.response, teller, "")


def _language() -> str:
    return translation.get_language() or "ja"


# As many forms of help as one network sends within an hour: a branch's guest network has many customers.
_FORMS_AN_HOUR = 60


def _flooded(request: HttpRequest, now: datetime) -> datetime | None:
    """Until when this network's forms are not taken; each is counted."""
    key = guessing.forms_key(request, now)
    if until := lockout.locked_until(key, now=now):
        return until
    try:
        lockout.count_attempt(key, limit=_FORMS_AN_HOUR, now=now)
    except lockout.Locked:
        return lockout.locked_until(key, now=now)
    return None
