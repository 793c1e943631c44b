"""Pages of keeping and destroying: lengths in force, holds, what is to go, and what went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from retention.classes import record_classes, subjects
from retention.forms import HoldForm, LengthForm, RejectForm
from retention.models import DestructionRecord, LegalHold, PurgeProposal
from retention.presenting import counted, document_of, numbers_of, said_of, titles, words_of
from retention.selectors import hold_page, item_page, open_proposal, periods, record_page
from retention.services import (
    RetentionRefused,
    approve_proposal,
    find_due,
    place_hold,
    reject_proposal,
    release_hold,
    set_length,
    submit_proposal,
)
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in


@require_GET
@requires(Permission.VIEW_RETENTION)
def index(request: StaffRequest) -> HttpResponse:
    """Lengths in force, the purge that is open, and what was destroyed."""
    return _index(request)


def _index(request: StaffRequest, *, form: LengthForm | None = None, code: str = "") -> HttpResponse:
    in_force = periods()
    page = record_page(cursor=_cursor(request))
    purge = open_proposal()
    context = {
        "rules": [(kind, words_of(in_force[kind.code]), in_force[kind.code].length) for kind in record_classes()],
        "purge": purge,
        "counts": counted(purge.counts) if purge else [],
        "page": page,
        "records": [
            (made, sum(outcomes.get("DESTROYED", 0) for outcomes in made.outcomes.values())) for made in page.items
        ],
        "people": names_of([made.proposal.approved_by for made in page.items]),
        "form": form,
        "code": code,
    }
    return render(request, "staff/retention/index.html", context, status=422 if form else 200)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def length(request: StaffRequest, code: str) -> HttpResponse:
    """Keep a class of records for another length."""
    if code not in titles():
        raise Http404
    form = LengthForm(request.POST)
    if form.is_valid():
        try:
            set_length(code=code, length=form.cleaned_data["length"], actor=request.actor, now=timezone.now())
        except RetentionRefused as refused:
            form.add_error("length", str(refused))
        else:
            messages.success(request, _("The length of keeping has been changed."))
            return redirect("retention")
    return _index(request, form=form, code=code)


@require_POST
@requires(Permission.PROPOSE_PURGE)
def find(request: StaffRequest) -> HttpResponse:
    """Look for what is due now instead of at night."""
    found = find_due(actor=request.actor, now=timezone.now())
    if found is None:
        messages.info(request, _("Nothing is due."))
        return redirect("retention")
    return redirect("retention-purge", found.pk)


@require_GET
@requires(Permission.VIEW_RETENTION)
def holds(request: StaffRequest) -> HttpResponse:
    """Who is held, why, and by whom."""
    return _holds(request, HoldForm())


def _holds(request: StaffRequest, form: HoldForm) -> HttpResponse:
    page = hold_page(cursor=_cursor(request))
    numbers = numbers_of(hold.subject for hold in page.items)
    context = {
        "page": page,
        "rows": [(hold, numbers.get(hold.subject, "")) for hold in page.items],
        "people": names_of([user for hold in page.items for user in (hold.placed_by, hold.released_by)]),
        "form": form,
    }
    return render(request, "staff/retention/holds.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.PLACE_HOLD)
def place(request: StaffRequest) -> HttpResponse:
    """Keep everything about a customer."""
    form = HoldForm(request.POST)
    if form.is_valid():
        subject = subjects().find(form.cleaned_data["number"])
        if subject is not None:
            given = {key: form.cleaned_data[key] for key in ("reason", "matter")}
            place_hold(subject=subject, actor=request.actor, now=timezone.now(), **given)
            messages.success(request, _("The hold is in force."))
            return redirect("retention-holds")
        form.add_error("number", _("There is no customer with this number."))
    return _holds(request, form)


@require_POST
@requires(Permission.PLACE_HOLD)
def release(request: StaffRequest, hold_id: UUID) -> HttpResponse:
    """Let the periods count again."""
    hold = get_object_or_404(LegalHold.objects.all(), pk=hold_id)
    try:
        release_hold(hold=hold, actor=request.actor, now=timezone.now())
    except RetentionRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The hold has been released."))
    return redirect("retention-holds")


@require_GET
@requires(Permission.VIEW_RETENTION)
def purge(request: StaffRequest, purge_id: UUID) -> HttpResponse:
    """What will go, and who let it."""
    return _purge(request, _find(purge_id))


def _purge(request: StaffRequest, found: PurgeProposal, form: RejectForm | None = None, **more: Any) -> HttpResponse:
    page = item_page(found, cursor=_cursor(request))
    named, numbers = titles(), numbers_of(item.subject for item in page.items)
    said = said_of(page.items)
    context = {
        "purge": found,
        "counts": counted(found.counts),
        "page": page,
        "rows": [
            (
                item,
                named.get(item.code, item.code),
                said.get(item.record, ""),
                numbers.get(item.subject) if item.subject else "",
            )
            for item in page.items
        ],
        "people": names_of([found.submitted_by, found.approved_by, found.rejected_by]),
        "is_own": request.membership.did((found.submitted_by, found.submitted_person)),
        "record": DestructionRecord.objects.filter(proposal=found).first(),
        "form": form or RejectForm(),
        **more,
    }
    is_refused = "refusal" in more or (form is not None and form.errors)
    return render(request, "staff/retention/purge.html", context, status=422 if is_refused else 200)


@require_POST
@requires(Permission.PROPOSE_PURGE)
def propose(request: StaffRequest, purge_id: UUID) -> HttpResponse:
    """Ask a second person."""
    found = _find(purge_id)
    try:
        submit_proposal(proposal=found, actor=request.actor, now=timezone.now())
    except RetentionRefused as refused:
        return _purge(request, _find(purge_id), refusal=str(refused))
    messages.success(request, _("The purge is proposed. Somebody else has to approve it."))
    return redirect("retention-purge", found.pk)


@require_POST
@requires(Permission.APPROVE_PURGE)
@requires_recent_sign_in(lambda purge_id: reverse("retention-purge", args=[purge_id]))
def approve(request: StaffRequest, purge_id: UUID) -> HttpResponse:
    """Let it be destroyed, as the page showed it."""
    found, seen = _find(purge_id), request.POST.get("seen_hash", "")
    try:
        approve_proposal(proposal=found, seen_hash=seen, actor=request.actor, now=timezone.now())
    except RetentionRefused as refused:
        return _purge(request, _find(purge_id), refusal=str(refused))
    messages.success(request, _("The purge is approved and will be executed within a minute."))
    return redirect("retention-purge", found.pk)


@require_POST
@requires(Permission.APPROVE_PURGE)
def reject(request: StaffRequest, purge_id: UUID) -> HttpResponse:
    """Destroy nothing."""
    found, form = _find(purge_id), RejectForm(request.POST)
    if not form.is_valid():
        return _purge(request, found, form)
    try:
        reject_proposal(proposal=found, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
    except RetentionRefused as refused:
        return _purge(request, _find(purge_id), refusal=str(refused))
    messages.success(request, _("The purge is rejected; nothing is destroyed."))
    return redirect("retention")


@require_GET
@requires(Permission.VIEW_RETENTION)
def document(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """A destruction record, to be filed."""
    made = get_object_or_404(DestructionRecord.objects.select_related("proposal"), pk=record_id)
    return HttpResponse(
        document_of(made),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="destruction-{made.pk}.txt"'},
    )


def _find(purge_id: UUID) -> PurgeProposal:
    found: PurgeProposal = get_object_or_404(PurgeProposal.objects.all(), pk=purge_id)
    return found


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
