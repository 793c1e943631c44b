"""Where a response leads no further: told to those who have proved themselves, each with the next step."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from portal import pages
from portal.visiting import Visit, last_day_of
from questionnaires.links import LinkState
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant


def show_closed(
    request: HttpRequest, tenant: Tenant, link: AccessLink, state: LinkState, *, deadline: date
) -> HttpResponse:
    """Why there is nothing to answer by this link, or not yet."""
    if state is LinkState.ANSWERED:
        return pages.show_answered(request, tenant, link.response.submitted_at)
    if state is LinkState.NOT_YET:
        return pages.show(
            request, "end", tenant=tenant, status=409, end="notyet", opens_at=link.opens_at, deadline=deadline
        )
    return pages.show_end(request, tenant, state.value)


def end_of_visit(request: HttpRequest, visit: Visit) -> HttpResponse | None:
    """Why somebody who has proved themselves may answer nothing at present; None if they may."""
    if visit.response.status == Response.Status.CANCELLED:
        return pages.show_end(request, visit.tenant, "cancelled")
    if visit.closed:
        return show_closed(request, visit.tenant, visit.lead, visit.closed, deadline=last_day_of(visit.lead))
    if visit.response.status == Response.Status.OPEN:  # it has opened since they proved themselves, to read
        return pages.show_timeout(request, visit.tenant)
    return None
