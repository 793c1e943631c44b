"""What was told of customers' circumstances: the list, one of them, and what staff make of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.presenting import name_shown
from customers.selectors import facts_of, facts_of_each
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from outreach.claims.forms import FindingForm
from outreach.claims.models import Claim
from outreach.claims.selectors import claim_page, find_claim
from outreach.claims.services import ClaimRefused, confirm_claim, dismiss_claim
from outreach.claims.wording import LABELS, OUTCOMES, say
from outreach.tellers import written
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """What is to be looked into, or was."""
    today, is_open = timezone.localdate(), request.GET.get("list") != "decided"
    kind = request.GET.get("kind", "")
    kind = kind if kind in Claim.Kind.values else ""
    page = claim_page(is_open=is_open, kind=kind, cursor=request.GET.get("after") or request.GET.get("before"))
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    facts = facts_of_each(one.customer for one in page.items)
    rows = [
        {
            "claim": one,
            "number": written(one.number),
            "name": name_shown(one.customer, facts[one.customer_id], masked=masked),
            "is_overdue": one.status == Claim.Status.OPEN and one.due_on < today,
        }
        for one in page.items
    ]
    context = {"page": page, "rows": rows, "is_open": is_open, "kind": kind, "kinds": Claim.Kind.choices}
    return render(request, "staff/claims/list.html", context)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def detail(request: StaffRequest, claim_id: UUID) -> HttpResponse:
    """One of them; whose words are shown is recorded."""
    return _page(request, _find(claim_id))


@require_POST
@requires(Permission.FLAG_CUSTOMER)
def decide(request: StaffRequest, claim_id: UUID) -> HttpResponse:
    """It is so, or it is not."""
    claim = _find(claim_id)
    form = FindingForm(claim.kind, request.POST)
    if not form.is_valid():
        return _page(request, claim, form=form)
    step: dict[str, Any] = {"claim": claim, "actor": request.actor, "now": timezone.now()}
    finding = form.cleaned_data["finding"]
    try:
        if request.POST.get("decision") == "confirm":
            confirm_claim(finding=finding, from_on=form.cleaned_data.get("from_on"), **step)
        else:
            dismiss_claim(finding=finding, **step)
    except ClaimRefused as refusal:
        return _page(request, _find(claim_id), form=form, refusal=str(refusal))
    messages.success(request, _("It is noted."))
    return redirect("claim", claim_id)


def _page(request: StaffRequest, claim: Claim, *, form: FindingForm | None = None, refusal: str = "") -> HttpResponse:
    shows = _shows(request, claim)
    context = {
        "claim": claim,
        "number": written(claim.number),
        "name": name_shown(claim.customer, facts_of(claim.customer), masked=not shows),
        "shows": shows,
        "said": [(LABELS[name], say(name, value)) for name, value in claim.details.items() if name in LABELS]
        if shows
        else [],
        "finding": claim.finding if shows else None,
        "outcome": OUTCOMES[claim.kind],
        "is_open": claim.status == Claim.Status.OPEN,
        "is_overdue": claim.status == Claim.Status.OPEN and claim.due_on < timezone.localdate(),
        "people": names_of([claim.decided_by]),
        "decision_form": form or FindingForm(claim.kind),
        "form": form,
        "refusal": refusal,
    }
    return render(request, "staff/claims/claim.html", context, status=422 if form or refusal else 200)


def _shows(request: StaffRequest, claim: Claim) -> bool:
    now, customer = timezone.now(), claim.customer
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return False
    if shown_until(request.session, customer.pk, now) is not None:
        return True
    if is_sensitive(customer):
        return False
    reveal(request.session, customer=customer, reason=ViewReason.INQUIRY, actor=request.actor, now=now)
    return True


def _find(claim_id: UUID) -> Claim:
    try:
        return find_claim(claim_id)
    except Claim.DoesNotExist:
        raise Http404 from None
