"""One page: whether a customer is reached on LINE, the number to send, and the way to LINE's confirmation."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone

from audit.services import Actor
from channels.line_linking import (
    LinkingUnavailable,
    NotHeardYet,
    confirm_at_line,
    end_linking,
    linking_state,
    start_linking,
)
from portal.pages import customer_page, show
from portal.views import answering, onwards
from portal.visiting import Visit
from questionnaires.models import Response
from tenants.scoping import tenant_scope


@partial(customer_page, leads_away=True)
@answering
def line(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Whether and where the customer who answered is reached on LINE; LINE itself confirms the account."""
    if visit.response.status != Response.Status.SUBMITTED:
        return onwards(request, visit)
    customer_id, now = visit.customer.pk, timezone.now()
    wanted = request.POST.get("action") if request.method == "POST" else None
    problem = ""
    if wanted == "continue":
        try:
            return HttpResponseRedirect(confirm_at_line(customer_id=customer_id, now=now))
        except NotHeardYet:
            problem = "not_heard"
        except LinkingUnavailable:
            problem = "unavailable"
    with tenant_scope(visit.tenant.pk):
        state = linking_state(customer_id, now=now)
    if state is None:
        return redirect("portal:done")
    if wanted == "start" and state.basic_id:
        start_linking(customer_id=customer_id, actor=Actor.customer(customer_id), now=now)
    elif wanted == "end":
        end_linking(customer_id=customer_id, actor=Actor.customer(customer_id), now=now)
    if wanted and not problem:
        return redirect("portal:line")
    status = {"not_heard": 409, "unavailable": 503}.get(problem, 200)
    return show(request, "line", tenant=visit.tenant, status=status, state=state, problem=problem)
