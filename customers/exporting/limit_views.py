"""The page of the number of rows above which a second person lets an export out."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.exporting.forms import LimitForm
from customers.exporting.limits import LimitRefused, approve_limit, propose_limit, reject_limit
from customers.exporting.models import LARGEST, USUAL, ExportLimit
from customers.exporting.selectors import limit_in_force, limit_page
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in


@require_http_methods(["GET"])
@requires(Permission.VIEW_IMPORTS)
def limit(request: StaffRequest) -> HttpResponse:
    """The number in force, one that waits, and those before."""
    return _page(request, LimitForm(initial={"rows": limit_in_force()}))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def limit_propose(request: StaffRequest) -> HttpResponse:
    """Propose another number."""
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        propose_limit(rows=form.cleaned_data["rows"], actor=request.actor, now=timezone.now())
    except LimitRefused as refused:
        return _page(request, form, str(refused))
    messages.success(request, _("The change is proposed. It counts once a second person has approved it."))
    return redirect("export-limit")


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda export_limit_id: reverse("export-limit"))
def limit_approve(request: StaffRequest, export_limit_id: UUID) -> HttpResponse:
    """Have the proposed number count."""
    return _decide(request, export_limit_id, approve_limit, _("The change is approved."))


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def limit_reject(request: StaffRequest, export_limit_id: UUID) -> HttpResponse:
    """Leave the number as it is."""
    return _decide(request, export_limit_id, reject_limit, _("The number stays as it is."))


def _decide(request: StaffRequest, limit_id: UUID, decide: Callable[..., None], done: str) -> HttpResponse:
    found = get_object_or_404(ExportLimit.objects.all(), pk=limit_id)
    try:
        decide(limit=found, actor=request.actor, now=timezone.now())
    except LimitRefused as refused:
        return _page(request, LimitForm(initial={"rows": limit_in_force()}), str(refused))
    messages.success(request, done)
    return redirect("export-limit")


def _page(request: StaffRequest, form: LimitForm, refusal: str = "") -> HttpResponse:
    page = limit_page(cursor=request.GET.get("after") or request.GET.get("before"))
    proposed = ExportLimit.objects.filter(status=ExportLimit.Status.PROPOSED).first()
    person = (request.user.pk, request.membership.staff_number)
    is_own = proposed and (proposed.proposed_by == person[0] or proposed.proposed_person == person[1])
    people = [who for one in page.items for who in (one.proposed_by, one.approved_by, one.rejected_by)]
    context = {
        "form": form,
        "limit": limit_in_force(),
        "usual": USUAL,
        "largest": LARGEST,
        "proposed": proposed,
        "is_own": is_own,
        "may_propose": may(request, Permission.MANAGE_SETTINGS) and proposed is None,
        "page": page,
        "people": names_of([*people, *([proposed.proposed_by] if proposed else [])]),
        "refusal": refusal,
    }
    failed = bool(form.errors or refusal)
    return render(request, "staff/customers/exporting/limit.html", context, status=422 if failed else 200)
