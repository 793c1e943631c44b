"""Building, keeping and removing segments; the list of customers offers them as filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.segments.forms import SegmentForm, initial_of
from customers.segments.models import Segment
from customers.segments.selecting import FIRST, Count, count_customers, customers_of, customers_of_kept
from customers.segments.selectors import branch_names, segment_for, segments_for
from customers.segments.services import change_segment, remove_segment, save_segment
from customers.segments.wording import said_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def segments(request: StaffRequest) -> HttpResponse:
    """Every saved filter that this person may use, with what it asks."""
    found = list(segments_for(request.user.pk)[:500])
    owners, branches = names_of([segment.owner for segment in found]), branch_names()
    rows = [(segment, owners.get(segment.owner, "—"), said_of(segment.document, branches)) for segment in found]
    return render(request, "staff/customers/segments.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CUSTOMERS)
def segment_new(request: StaffRequest) -> HttpResponse:
    """Put conditions together and keep them."""
    form = _form(request)
    if not form.is_valid():
        return _builder(request, form, None)
    saved = save_segment(**_kept(form, None), owner=request.user.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The filter is saved."))
    return _to_customers(saved)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CUSTOMERS)
def segment(request: StaffRequest, segment_id: UUID) -> HttpResponse:
    """Change conditions, the name, or for whom it is."""
    found = _find(request, segment_id)
    form = _form(request, found)
    if request.method == "POST" and not may_change(request, found):
        raise PermissionDenied
    if not form.is_valid():
        return _builder(request, form, found)
    change_segment(segment=found, **_kept(form, found), actor=request.actor, now=timezone.now())
    messages.success(request, _("The filter is changed."))
    return _to_customers(found)


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def segment_count(request: StaffRequest) -> HttpResponse:
    """How many customers the conditions find now: the number alone for htmx, the whole page without script."""
    form = _form(request, is_counting=True)
    count = None
    if form.is_valid():
        count = count_customers(customers_of(form.cleaned_data["document"], today=timezone.localdate()))
    found = segment_for(request.user.pk, form.cleaned_data.get("segment"))
    return _builder(request, form, found, count=count, is_part="HX-Request" in request.headers)


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def segment_remove(request: StaffRequest, segment_id: UUID) -> HttpResponse:
    """Take a saved filter away."""
    found = _find(request, segment_id)
    if not may_change(request, found):
        raise PermissionDenied
    remove_segment(segment=found, actor=request.actor, now=timezone.now())
    messages.success(request, _("The filter is removed."))
    return redirect("segments")


def may_change(request: StaffRequest, found: Segment) -> bool:
    """Whoever made it; a shared one also whoever may share."""
    return found.owner == request.user.pk or (found.is_shared and may(request, Permission.PLAN_CAMPAIGN))


def _form(request: StaffRequest, found: Segment | None = None, *, is_counting: bool = False) -> SegmentForm:
    initial: dict[str, Any] = {}
    if found is not None:
        kept = {"name": found.name, "is_shared": found.is_shared, "segment": found.pk}
        initial = {**kept, **initial_of(found.document)}
    return SegmentForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        branches=branch_names(),
        may_share=may(request, Permission.PLAN_CAMPAIGN),
        is_counting=is_counting,
    )


def _builder(
    request: StaffRequest,
    form: SegmentForm,
    found: Segment | None,
    *,
    count: Count | None = None,
    is_part: bool = False,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "segment": found,
        "may_change": found is None or may_change(request, found),
        "count": count,
        "first": FIRST,
    }
    if found is not None and not form.is_bound:
        context["lost"] = said_of(found.document, branch_names()).lost
        context["count"] = count_customers(customers_of_kept(found.document, today=timezone.localdate()))
    template = "staff/customers/segment.html" + ("#count" if is_part else "")
    # Somebody who is still choosing has made no mistake.
    return render(request, template, context, status=422 if form.errors and not is_part else 200)


def _kept(form: SegmentForm, found: Segment | None) -> dict[str, Any]:
    was_shared = found is not None and found.is_shared
    data = form.cleaned_data
    return {"name": data["name"], "document": data["document"], "is_shared": data.get("is_shared", was_shared)}


def _find(request: StaffRequest, segment_id: UUID) -> Segment:
    found = segment_for(request.user.pk, segment_id)
    if found is None:
        raise Http404
    return found


def _to_customers(found: Segment) -> HttpResponse:
    return redirect(reverse("customers", query={"segment": str(found.pk)}))
