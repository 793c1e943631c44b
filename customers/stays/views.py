"""Pages of stays that have ended: the inbox, and one with what the file says and what was done.

Only for roles that see personal data: the day of its end is one.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.presenting import label, name_shown, say
from customers.selectors import facts_of, facts_of_each
from customers.stays.forms import DealForm
from customers.stays.models import EndedStay
from customers.stays.selectors import stay_page
from customers.stays.services import DecisionRefused, deal_with
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires

_TOLD = ("nationality", "residence_status", "residence_expires_on", "residence_applied_on")
_STATUS = EndedStay.Status


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def ended_stays(request: StaffRequest) -> HttpResponse:
    """Stays that have ended, those that wait first of all."""
    status = request.GET.get("status", _STATUS.OPEN)
    status = status if status in _STATUS.values else ""
    page = stay_page(status=status, cursor=request.GET.get("after") or request.GET.get("before"))
    facts = facts_of_each([stay.customer for stay in page.items])
    context = {
        "page": page,
        "rows": [(stay, name_shown(stay.customer, facts[stay.customer_id], masked=False)) for stay in page.items],
        "status": status,
        "statuses": _STATUS.choices,
    }
    return render(request, "staff/customers/stays/index.html", context)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def ended_stay(request: StaffRequest, ended_stay_id: UUID) -> HttpResponse:
    """One of them, with what the file says of the stay."""
    return _page(request, _find(ended_stay_id), DealForm())


@require_POST
@requires(Permission.DECIDE_CASE)
def decide(request: StaffRequest, ended_stay_id: UUID) -> HttpResponse:
    """Close it with what was done."""
    found, form = _find(ended_stay_id), DealForm(request.POST)
    if form.is_valid():
        try:
            deal_with(ended_stay=found, note=form.cleaned_data["note"], actor=request.actor, now=timezone.now())
        except DecisionRefused as refused:
            form.add_error("note", str(refused))
        else:
            messages.success(request, _("It is dealt with."))
            return redirect("ended-stays")
    return _page(request, found, form)


def _page(request: StaffRequest, found: EndedStay, form: DealForm) -> HttpResponse:
    facts = facts_of(found.customer)
    context = {
        "stay": found,
        "name": name_shown(found.customer, facts, masked=False),
        "facts": [(label(key), say(key, facts.get(key))) for key in _TOLD],
        "form": form,
        "people": names_of([found.decided_by] if found.decided_by else []),
    }
    return render(request, "staff/customers/stays/one.html", context, status=422 if form.errors else 200)


def _find(ended_stay_id: UUID) -> EndedStay:
    found: EndedStay = get_object_or_404(EndedStay.objects.select_related("customer"), pk=ended_stay_id)
    return found
