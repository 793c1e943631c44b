"""The page on which whoever holds a notice asks whether the institution sent it."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from channels.numbers import NotANumber, read_number, written
from channels.wording.authenticity import official_senders, sent_as
from portal import guessing, pages
from portal.pages import customer_page, show
from portal.visiting import tenant_named
from tenants.scoping import tenant_scope


@customer_page
def authenticity(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether the institution sent the notice with this number, and when, and by what; nothing more."""
    now = timezone.now()
    if until := guessing.refused_until(request, now=now):
        return pages.show_busy(request, until=until, now=now)
    tenant = tenant_named(request, slug)
    if not tenant:
        guessing.count_miss(request, now=now)
        return pages.show_unknown(request)
    with tenant_scope(tenant.pk):
        senders = official_senders()
    page = partial(show, request, "authenticity", tenant=tenant, senders=senders)
    if request.method != "POST":
        return page()
    try:
        number = read_number(request.POST.get("number", ""))
    except NotANumber as wrong:
        return page(status=422, slip=wrong.slip, typed=request.POST.get("number", "")[:40])
    with tenant_scope(tenant.pk):
        sent = sent_as(number, now=now)
    if not sent:
        guessing.count_miss(request, now=now)
        return page(status=404, is_unknown=True)
    return page(sent=sent, number=written(number))
