"""On the device that a ticket leads to: what both screens show, one proof, and the visit goes on there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from customers.selectors import facts_of
from portal import guessing, pages
from portal.ending import show_closed
from portal.entering.views.numbers import of_tenant
from portal.forms import identity_context, identity_errors, read_factors
from portal.pages import customer_page, show
from portal.visiting import awaits_check, begin_visit, last_day_of
from questionnaires.links import Entrance, LinkClosed, WrongFactor
from questionnaires.models import EntranceTicket
from questionnaires.proving import Fact, Factors
from questionnaires.tickets import TicketOver, facts_asked_of, find_ticket, match_number, spend_ticket
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope


def _by_ticket(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def found(request: HttpRequest, tenant: Tenant, token: str) -> HttpResponse:
        now = timezone.now()
        try:
            with tenant_scope(tenant.pk):
                ticket = find_ticket(token, now=now)
        except TicketOver:
            guessing.count_miss(request, now=now)
            return _over(request, tenant)
        pages.prefer_language(request, ticket.link.response.language)
        return view(request, tenant, ticket, token)

    return found


@customer_page
@of_tenant
@_by_ticket
def ticket(request: HttpRequest, tenant: Tenant, ticket: EntranceTicket, token: str) -> HttpResponse:
    """Continue here. Looking at it changes nothing."""
    now, customer = timezone.now(), ticket.link.response.customer
    with tenant_scope(tenant.pk):
        asked = facts_asked_of(ticket)
    common = {
        "tenant": tenant,
        "is_handed_over": ticket.entrance == Entrance.HAND_OVER,
        "match_number": match_number(token),
        **identity_context(customer.kind, asked, request.POST),
    }
    page = partial(show, request, "ticket", **common)
    if request.method != "POST":
        return page()
    factors, errors = read_factors(asked, request.POST)
    if factors is None:
        return page(status=422, **identity_errors(errors))
    try:
        return _spend(request, tenant, ticket, asked, factors)
    except WrongFactor as wrong:
        guessing.count_miss(request, now=now)
        return page(status=422, is_mismatch=True, remaining=wrong.remaining)
    except TicketOver:
        guessing.count_miss(request, now=now)
        return _over(request, tenant)


def _spend(
    request: HttpRequest, tenant: Tenant, ticket: EntranceTicket, asked: tuple[Fact, ...], factors: Factors
) -> HttpResponse:
    now, response = timezone.now(), ticket.link.response
    with tenant_scope(tenant.pk):
        facts, is_check_open = facts_of(response.customer), awaits_check(response)
    try:
        with tenant_context(tenant.pk):
            link = spend_ticket(
                ticket=ticket, asked=asked, factors=factors, facts=facts, now=now, is_answer_needed=not is_check_open
            )
    except LinkClosed as closed:
        return show_closed(request, tenant, ticket.link, closed.state, deadline=last_day_of(ticket.link))
    begin_visit(request, link, now=now)
    return redirect("portal:resume")


def _over(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return show(request, "end", tenant=tenant, status=404, end="ticket")
