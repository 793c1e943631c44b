"""The tenant's own page, where a reference number opens what its link would. GET changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from channels.numbers import NotANumber, read_number, written
from customers.models import Customer
from portal import guessing, pages
from portal.ending import show_closed
from portal.entering.numbered import come_in, identify
from portal.forms import identity_context, identity_errors, read_factors
from portal.pages import customer_page, show
from portal.visiting import begin_visit, last_day_of, tenant_named
from questionnaires.entrances.selectors import facts_asked
from questionnaires.links import LinkClosed, LinkLocked, WrongFactor
from questionnaires.marking import in_language, with_readings
from tenants.models import Tenant
from tenants.scoping import tenant_scope

ENTRY_KEY = "entry"


def of_tenant(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The tenant that the address names; one that is not there ends like any wrong address."""

    @wraps(view)
    def found(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        if until := guessing.refused_until(request, now=now):
            return pages.show_busy(request, until=until, now=now)
        tenant = tenant_named(request, slug)
        if tenant is None:
            guessing.count_miss(request, now=now)
            return pages.show_unknown(request)
        return view(request, tenant, **kwargs)

    return found


def _as_notices_say_it() -> str:
    """What stands before the number in a notice in Japanese, which readers of any language may have in hand."""
    if get_language() == "ja-easy":
        return with_readings("{受付番号|うけつけばんごう}")
    return in_language("受付番号", "ja")


@customer_page
@of_tenant
def number(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Read the number from a notice. What cannot be one is told at once; whether anybody has it, nobody learns."""
    now = timezone.now()
    typed, kind = request.POST.get("number", ""), request.POST.get("kind", "")
    page = partial(show, request, "entry", tenant=tenant, typed=typed[:40], kind=kind, said=_as_notices_say_it())
    if request.method != "POST":
        return page()
    if until := guessing.mistyped_until(request, now=now):
        return pages.show_busy(request, until=until, now=now)
    try:
        read = read_number(typed)
    except NotANumber as wrong:
        guessing.count_slip(request, now=now)
        return page(status=422, slip=wrong.slip)
    kind = kind if kind in Customer.Kind.values else Customer.Kind.INDIVIDUAL
    request.session[ENTRY_KEY] = {"tenant": tenant.pk, "number": read, "kind": kind}
    return redirect("entering:identity", slug=tenant.slug)


@customer_page
@of_tenant
def identity(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The facts that go with the number. A number nobody has and a wrong fact answer alike."""
    entry: dict[str, Any] = request.session.get(ENTRY_KEY) or {}
    if entry.get("tenant") != tenant.pk:
        return redirect("entering:number", slug=tenant.slug)
    now, kind = timezone.now(), entry["kind"]
    if until := guessing.refused_until(request, now=now, tenant=tenant):
        return pages.show_busy(request, until=until, now=now)
    with tenant_scope(tenant.pk):
        asked = facts_asked(kind)
    common = {
        "tenant": tenant,
        "back": reverse("entering:number", args=[tenant.slug]),
        "number": written(entry["number"]),
        **identity_context(kind, asked, request.POST),
    }
    page = partial(show, request, "identity", **common)
    if request.method != "POST":
        return page()
    factors, errors = read_factors(asked, request.POST)
    if factors is None:
        return page(status=422, **identity_errors(errors))
    try:
        found = identify(tenant=tenant, number=entry["number"], kind=kind, factors=factors, now=now)
    except WrongFactor as wrong:
        guessing.count_miss(request, now=now, tenant=tenant)
        return page(status=422, is_mismatch=True, remaining=wrong.remaining)
    except LinkLocked as locked:
        guessing.count_miss(request, now=now, tenant=tenant)
        return pages.show_locked(request, tenant, until=locked.until, now=now, end="paused")
    pages.prefer_language(request, found.link.response.language)
    del request.session[ENTRY_KEY]
    try:
        proved = come_in(found, now=now)
    except LinkClosed as closed:
        return show_closed(request, tenant, found.link, closed.state, deadline=last_day_of(found.link))
    begin_visit(request, proved, now=now)
    return redirect("portal:resume")
