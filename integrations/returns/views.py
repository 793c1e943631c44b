"""Pages of return files: what is due, the files with their way, the layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.returns import wording
from integrations.returns.forms import LayoutForm, ReasonForm, ReceiptForm
from integrations.returns.layouts import ReturnForm, choices_for, document_of
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnLayout
from integrations.returns.sampling import sample_of
from integrations.returns.selectors import (
    batch_page,
    current_layout,
    entry_page,
    form_of,
    left_out_file,
    lines_changed,
    open_layout,
    returnable,
    waiting,
    without_place,
)
from integrations.returns.services import (
    ReturnRefused,
    acknowledge_batch,
    approve_layout,
    discard_batch,
    prepare_batch,
    propose_layout,
    refuse_batch,
    reject_layout,
    release_batch,
    take_file,
)
from integrations.returns.starting import starting_form
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

_ENDINGS = {"csv": "csv", "fixed": "dat", "xlsx": "xlsx"}
_BEING_MADE = (ReturnBatch.Status.PREPARING, ReturnBatch.Status.PREPARED)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def index(request: StaffRequest) -> HttpResponse:
    """What is due to go back, and every file there was."""
    layout = current_layout()
    form = form_of(layout) if layout else None
    changes, customers = waiting(form)
    page = batch_page(cursor=_cursor(request))
    context = {
        "layout": layout,
        "proposed": open_layout(),
        "changes": changes,
        "customers": customers,
        "without_place": [wording.fact_title(fact) for fact in without_place(form)],
        "open": ReturnBatch.objects.filter(status__in=_BEING_MADE).first(),
        "page": page,
        "people": names_of([batch.released_by for batch in page.items]),
    }
    return render(request, "staff/returns/index.html", context)


@require_POST
@requires(Permission.EXPORT_DATA)
def prepare(request: StaffRequest) -> HttpResponse:
    """Have a file made of everything that is due."""
    try:
        batch = prepare_batch(actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        messages.error(request, str(refused))
        return redirect("returns")
    return redirect("return", batch.pk)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def batch(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """One file: what is in it, what was left out, and what becomes of it."""
    found = _find(batch_id)
    if "HX-Request" not in request.headers:
        return _batch(request, found)
    if found.status == ReturnBatch.Status.PREPARING:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _batch(request: StaffRequest, found: ReturnBatch, **more: Any) -> HttpResponse:
    outcomes = [(value, label, found.outcomes.get(value, 0)) for value, label in ReturnedChange.Outcome.choices]
    held = [value for value, _label, count in outcomes if count]
    wanted = request.GET.get("outcome", "")
    first = ReturnedChange.Outcome.LEFT_OUT if ReturnedChange.Outcome.LEFT_OUT in held else next(iter(held), "")
    outcome = wanted if wanted in held else str(first)
    page = entry_page(found, outcome=outcome, cursor=_cursor(request))
    forms = [form for form in more.values() if hasattr(form, "errors")]
    context = {
        "batch": found,
        "outcomes": outcomes,
        "outcome": outcome,
        "page": page,
        "rows": [
            (entry, wording.fact_title(entry.attribute), wording.reason(entry.code, entry.params or {}))
            for entry in page.items
        ],
        "people": names_of([found.prepared_by, found.released_by, found.settled_by]),
        "is_own": request.membership.did((found.prepared_by, found.prepared_person)),
        "has_refused": request.membership.did((found.refused_by, found.refused_person)),
        "has_file": found.pieces.exists(),
        "failure": wording.failure(found.failure),
        "may_see_facts": may(request, Permission.EXPORT_DATA),
        "receipt_form": ReceiptForm(),
        "discard_form": ReasonForm(prefix="discard"),
        "refuse_form": ReasonForm(prefix="refuse"),
        "form": forms[0] if forms else None,
        **more,
    }
    return render(request, "staff/returns/batch.html", context, status=422 if more else 200)


@require_POST
@requires(Permission.APPROVE_EXPORT)
@requires_recent_sign_in(lambda batch_id: reverse("return", args=[batch_id]))
def release(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Let the file leave, as the page showed it."""
    found, seen = _find(batch_id), request.POST.get("seen", "")
    try:
        release_batch(batch=found, seen=seen, actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        return _batch(request, _find(batch_id), refusal=str(refused))
    messages.success(request, _("The file is released. It can be downloaded now."))
    return redirect("return", batch_id)


@require_POST
@requires(Permission.EXPORT_DATA)
def discard(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Throw the file away before it leaves."""
    done = _("The file is thrown away. Its changes go into the next one.")
    return _settle_back(request, _find(batch_id), "discard", discard_batch, done)


@require_POST
@requires(Permission.EXPORT_DATA)
def acknowledge(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """The core system has taken the file in."""
    found, form = _find(batch_id), ReceiptForm(request.POST)
    if not form.is_valid():
        return _batch(request, found, receipt_form=form)
    try:
        acknowledge_batch(batch=found, **form.cleaned_data, actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        return _batch(request, _find(batch_id), refusal=str(refused))
    messages.success(request, _("It is on record that the core system took the file in."))
    return redirect("return", batch_id)


@require_POST
@requires(Permission.EXPORT_DATA)
def refuse(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """The core system has not taken the file in."""
    done = _("It is on record that the core system refused the file. Its changes go into the next.")
    return _settle_back(request, _find(batch_id), "refuse", refuse_batch, done)


def _settle_back(
    request: StaffRequest, found: ReturnBatch, prefix: str, settle: Callable[..., None], done: str
) -> HttpResponse:
    """With a reason, give the file's changes to the next one."""
    form = ReasonForm(request.POST, prefix=prefix)
    if not form.is_valid():
        return _batch(request, found, **{f"{prefix}_form": form})
    try:
        settle(batch=found, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        return _batch(request, _find(found.pk), refusal=str(refused))
    messages.success(request, done)
    return redirect("return", found.pk)


@require_POST
@requires(Permission.EXPORT_DATA)
@requires_recent_sign_in(lambda batch_id: reverse("return", args=[batch_id]))
def download(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """The released file; every time is on record."""
    found = _find(batch_id)
    try:
        body = take_file(batch=found, actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        return _batch(request, found, refusal=str(refused))
    name = f"return-{request.tenant.slug}-{found.number:06d}.{_ENDINGS[form_of(found.layout).format]}"
    return HttpResponse(body, content_type="application/octet-stream", headers=_as_file(name))


@require_GET
@requires(Permission.EXPORT_DATA)
def left_out(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What has to be entered by hand."""
    found = _find(batch_id)
    name = f"return-{request.tenant.slug}-{found.number:06d}-left-out.csv"
    lines = b"".join(left_out_file(found))
    return HttpResponse(lines, content_type="text/csv; charset=utf-8", headers=_as_file(name))


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def layout(request: StaffRequest) -> HttpResponse:
    """How the core system wants its file: shown, tried with a sample, proposed."""
    current = current_layout()
    facts = returnable()
    known = form_of(current) if current else starting_form(facts)
    if request.method == "POST":
        form = LayoutForm(request.POST, facts=facts)
        if form.is_valid() and form.layout and "look" not in request.POST:
            return _propose(request, form, form.layout)
        return _layout(request, form, form.layout)
    return _layout(request, LayoutForm(initial=LayoutForm.initial_of(known), facts=facts), known)


def _propose(request: StaffRequest, form: LayoutForm, wanted: ReturnForm) -> HttpResponse:
    try:
        made = propose_layout(document=document_of(wanted), actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        form.add_error(None, str(refused))
        return _layout(request, form, wanted)
    messages.success(request, _("The layout is proposed. It is used once a second person has approved it."))
    return redirect("return-layout-version", made.pk)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def layout_version(request: StaffRequest, return_layout_id: UUID) -> HttpResponse:
    """One version of the layout: what it changes, what a file looks like, and who agreed to it."""
    return _version(request, _find_layout(return_layout_id))


def _version(request: StaffRequest, found: ReturnLayout, refusal: str = "") -> HttpResponse:
    form = form_of(found)
    context = {
        "layout": found,
        "general": wording.general(form),
        "lines": lines_changed(found),
        "sample": sample_of(form, on=timezone.localdate()),
        "people": names_of([found.proposed_by, found.approved_by, found.rejected_by]),
        "is_own": request.membership.did((found.proposed_by, found.proposed_person)),
        "refusal": refusal,
    }
    return render(request, "staff/returns/layout_version.html", context, status=422 if refusal else 200)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda return_layout_id: reverse("return-layout-version", args=[return_layout_id]))
def layout_approve(request: StaffRequest, return_layout_id: UUID) -> HttpResponse:
    """Have the next return file made by it."""
    done = _("The layout is approved. The next return file is made by it.")
    return _decide(request, return_layout_id, approve_layout, done)


@require_POST
@requires(Permission.VIEW_IMPORTS)
def layout_reject(request: StaffRequest, return_layout_id: UUID) -> HttpResponse:
    """Leave the layout as it is; one's own proposal is taken back so."""
    return _decide(request, return_layout_id, reject_layout, _("The proposed layout is not used."))


def _decide(request: StaffRequest, layout_id: UUID, decide: Callable[..., None], done: str) -> HttpResponse:
    found = _find_layout(layout_id)
    try:
        decide(layout=found, actor=request.actor, now=timezone.now())
    except ReturnRefused as refused:
        return _version(request, _find_layout(layout_id), str(refused))
    messages.success(request, done)
    return redirect("returns")


def _layout(request: StaffRequest, form: LayoutForm, shown: ReturnForm | None) -> HttpResponse:
    facts = returnable()
    context = {
        "form": form,
        "current": current_layout(),
        "proposed": open_layout(),
        "sample": sample_of(shown, on=timezone.localdate()) if shown else [],
        "fields": [
            (title, [wording.what_title(what) for what in choices_for(record, facts=facts)])
            for record, title in wording.RECORDS.items()
        ],
        "fills": wording.FILLS.values(),
        "forms": wording.FORMS.values(),
    }
    return render(request, "staff/returns/layout.html", context, status=422 if form.errors else 200)


def _find(batch_id: UUID) -> ReturnBatch:
    found: ReturnBatch = get_object_or_404(ReturnBatch.objects.select_related("layout"), pk=batch_id)
    return found


def _find_layout(return_layout_id: UUID) -> ReturnLayout:
    found: ReturnLayout = get_object_or_404(ReturnLayout.objects.all(), pk=return_layout_id)
    return found


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
