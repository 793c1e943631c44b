"""The pages of exports: ordering one, letting it out, having it, and above how many rows two people are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.exporting import wording
from customers.exporting.columns import title_of
from customers.exporting.forms import ExportForm, LimitForm, RejectionForm
from customers.exporting.limits import LimitRefused, approve_limit, propose_limit, reject_limit
from customers.exporting.lists import list_kind
from customers.exporting.models import LARGEST, USUAL, CustomerExport, ExportLimit
from customers.exporting.selectors import Wanted, export_page, limit_in_force, limit_page, wanted_of
from customers.exporting.services import (
    ExportRefused,
    approve_export,
    discard_export,
    order_export,
    reject_export,
    take_file,
)
from customers.models import Customer, RiskTier
from customers.segments.conditions import SegmentInvalid
from customers.segments.selecting import count_customers
from customers.segments.selectors import segment_for
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in


@require_GET
@requires(Permission.EXPORT_DATA)
def index(request: StaffRequest) -> HttpResponse:
    """Every file there was, and whose it is."""
    page = export_page(cursor=request.GET.get("after") or request.GET.get("before"))
    context = {
        "page": page,
        "limit": limit_in_force(),
        "people": names_of([export.ordered_by for export in page.items]),
    }
    return render(request, "staff/customers/exporting/index.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EXPORT_DATA)
def export_new(request: StaffRequest) -> HttpResponse:
    """Choose what is in the file; which customers is in the address, as on the list."""
    wanted = _wanted(request)
    form = ExportForm(request.POST if request.method == "POST" else None, of=wanted.of)
    if not form.is_valid():
        return _order_page(request, form, wanted)
    try:
        export = order_export(wanted=wanted, **form.cleaned_data, actor=request.actor, now=timezone.now())
    except (ExportRefused, SegmentInvalid) as refused:
        form.add_error(None, _said(refused))
        return _order_page(request, form, wanted)
    return redirect("export", export.pk)


def _order_page(request: StaffRequest, form: ExportForm, wanted: Wanted) -> HttpResponse:
    try:
        counted, words = count_customers(wanted.customers(today=timezone.localdate())), wanted.words()
    except SegmentInvalid:
        return redirect("segments")
    context = {
        "form": form,
        "count": counted,
        "words": words,
        "limit": limit_in_force(),
        "has_search": bool(request.GET.get("search")),
        "masked": not may(request, Permission.VIEW_PERSONAL_DATA),
    }
    return render(request, "staff/customers/exporting/new.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.EXPORT_DATA)
def export(request: StaffRequest, customer_export_id: UUID) -> HttpResponse:
    """One file: what is in it, and what becomes of it."""
    found = _find(customer_export_id)
    if "HX-Request" not in request.headers:
        return _page(request, found)
    if found.status == CustomerExport.Status.PREPARING:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _page(request: StaffRequest, found: CustomerExport, **more: Any) -> HttpResponse:
    is_own = request.membership.did((found.ordered_by, found.ordered_person))
    try:
        words = wanted_of(found).words()
    except SegmentInvalid:
        words = []
    form = more.get("reject_form") or RejectionForm()
    context = {
        "export": found,
        "words": words,
        "columns": [title_of(key) for key in found.columns],
        "people": names_of([found.ordered_by, found.approved_by, found.settled_by]),
        "is_own": is_own,
        "has_file": found.pieces.exists(),
        "unwritable": (found.unwritable or {}) if is_own else {},
        "failure": wording.failure(found.failure),
        "is_rejected": bool(found.reason),
        "form": form if form.errors else None,
        **more,
        "reject_form": form,
    }
    return render(request, "staff/customers/exporting/export.html", context, status=422 if more else 200)


@require_POST
@requires(Permission.APPROVE_EXPORT)
@requires_recent_sign_in(lambda customer_export_id: reverse("export", args=[customer_export_id]))
def export_approve(request: StaffRequest, customer_export_id: UUID) -> HttpResponse:
    """Let the file out, as the page showed it."""
    found, seen = _find(customer_export_id), request.POST.get("seen", "")
    try:
        approve_export(export=found, seen=seen, actor=request.actor, now=timezone.now())
    except ExportRefused as refused:
        return _page(request, _find(customer_export_id), refusal=str(refused))
    messages.success(request, _("The file is approved. The one who ordered it can download it now."))
    return redirect("export", customer_export_id)


@require_POST
@requires(Permission.APPROVE_EXPORT)
def export_reject(request: StaffRequest, customer_export_id: UUID) -> HttpResponse:
    """Do not let the file out."""
    found, form = _find(customer_export_id), RejectionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, reject_form=form)
    try:
        reject_export(export=found, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
    except ExportRefused as refused:
        return _page(request, _find(customer_export_id), refusal=str(refused))
    messages.success(request, _("The file is not approved, and destroyed."))
    return redirect("export", customer_export_id)


@require_POST
@requires(Permission.EXPORT_DATA)
def export_discard(request: StaffRequest, customer_export_id: UUID) -> HttpResponse:
    """Destroy one's own file before its time."""
    found = _find(customer_export_id)
    try:
        discard_export(export=found, actor=request.actor, now=timezone.now())
    except ExportRefused as refused:
        return _page(request, _find(customer_export_id), refusal=str(refused))
    messages.success(request, _("Your file is destroyed."))
    return redirect("exports")


@require_POST
@requires(Permission.EXPORT_DATA)
@requires_recent_sign_in(lambda customer_export_id: reverse("export", args=[customer_export_id]))
def export_file(request: StaffRequest, customer_export_id: UUID) -> HttpResponse:
    """The file, for the one who ordered it; every time is on record."""
    found = _find(customer_export_id)
    try:
        body = take_file(export=found, actor=request.actor, now=timezone.now())
    except ExportRefused as refused:
        return _page(request, _find(customer_export_id), refusal=str(refused))
    ending = "xlsx" if found.encoding == CustomerExport.Encoding.XLSX else "csv"
    name = f"customers-{request.tenant.slug}-{timezone.localtime(found.ordered_at):%Y%m%d-%H%M}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(body, content_type="application/octet-stream", headers=headers)


def _wanted(request: StaffRequest) -> Wanted:
    """As the list reads its address; what it does not know is not asked."""
    of = request.GET.get("list", "")
    listed = list_kind(of)
    asked = listed.read(request.GET.dict()) if listed else {}
    if asked is None or (of and listed is None):
        raise Http404
    kind, tier = request.GET.get("kind", ""), request.GET.get("tier", "")
    try:
        segment = segment_for(request.user.pk, UUID(request.GET.get("segment", "")))
    except ValueError:
        segment = None
    return Wanted(
        kind=kind if kind in Customer.Kind.values else "",
        tier=tier if tier in RiskTier.values else "",
        segment=segment.document if segment else None,
        of=of,
        asked=asked,
    )


def _said(refused: Exception) -> str:
    return str(refused) if isinstance(refused, ExportRefused) else wording.failure("segment")


def _find(customer_export_id: UUID) -> CustomerExport:
    found: CustomerExport = get_object_or_404(CustomerExport.objects.all(), pk=customer_export_id)
    return found


@require_GET
@requires(Permission.VIEW_IMPORTS)
def limit(request: StaffRequest) -> HttpResponse:
    """The number in force, one that waits, and those before."""
    return _limit_page(request, LimitForm(initial={"rows": limit_in_force()}))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def limit_propose(request: StaffRequest) -> HttpResponse:
    """Propose another number."""
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _limit_page(request, form)
    try:
        propose_limit(rows=form.cleaned_data["rows"], actor=request.actor, now=timezone.now())
    except LimitRefused as refused:
        return _limit_page(request, form, str(refused))
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
        return _limit_page(request, LimitForm(initial={"rows": limit_in_force()}), str(refused))
    messages.success(request, done)
    return redirect("export-limit")


def _limit_page(request: StaffRequest, form: LimitForm, refusal: str = "") -> HttpResponse:
    page = limit_page(cursor=request.GET.get("after") or request.GET.get("before"))
    proposed = ExportLimit.objects.filter(status=ExportLimit.Status.PROPOSED).first()
    is_own = proposed and request.membership.did((proposed.proposed_by, proposed.proposed_person))
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
