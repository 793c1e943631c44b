"""Pages of merging: proposing it from a pair, the queue, approving, rejecting and taking back."""

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

from customers.matching.models import MatchCandidate
from customers.merging.beside import beside_each_other
from customers.merging.forms import MergeForm, ReverseForm
from customers.merging.models import CustomerMerge
from customers.merging.presenting import Masks, became, lines_of
from customers.merging.selectors import merge_page, proposed_of
from customers.merging.services import (
    MergeRefused,
    approve_merge,
    propose_merge,
    reasons_against,
    reasons_to_stay,
    reject_merge,
    reverse_merge,
)
from customers.models import Customer
from customers.presenting import name_shown
from customers.selectors import facts_of_each
from customers.viewing import shown_until
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = CustomerMerge.Status


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def merges(request: StaffRequest) -> HttpResponse:
    """Merges that wait for a second person, or were decided."""
    status = request.GET.get("status", "")
    status = status if status in Status.values else Status.PROPOSED
    page = merge_page(status=status, cursor=request.GET.get("after") or request.GET.get("before"))
    facts = facts_of_each({one.pk: one for item in page.items for one in (item.survivor, item.merged)}.values())
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    rows = [
        (item, [name_shown(one, facts[one.pk], masked=masked) for one in (item.merged, item.survivor)])
        for item in page.items
    ]
    context = {
        "page": page,
        "rows": rows,
        "status": status,
        "statuses": Status.choices,
        "people": names_of([item.proposed_by for item in page.items]),
    }
    return render(request, "staff/customers/merging/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def merge_new(request: StaffRequest, match_candidate_id: UUID) -> HttpResponse:
    """Say of a pair which customer goes on, and of everything that differs which is kept."""
    rows = MatchCandidate.objects.select_related("first", "second")
    match = get_object_or_404(rows, pk=match_candidate_id)
    survivor, merged = match.first, match.second
    if request.POST.get("survivor", request.GET.get("survivor")) == str(merged.pk):
        survivor, merged = merged, survivor
    lines = lines_of(beside_each_other(survivor, merged), _masks(request, survivor, merged))
    words = {line.row.leader: (line.survivor, line.merged) for line in lines}
    form = MergeForm([line.row for line in lines], words, request.POST if request.method == "POST" else None)
    refusal = ""
    if form.is_valid():
        try:
            made = propose_merge(
                survivor=survivor,
                merged=merged,
                taken=form.taken(),
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
        except MergeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _("The merge waits for a second person. Nothing has changed yet."))
            return redirect("customer-merge", made.pk)
    context = {
        **_heads(request, survivor, merged),
        "match": match,
        "form": form,
        "lines": [(line, form.choice_of(line.row)) for line in lines],
        "obstacles": reasons_against(survivor, merged, now=timezone.now()),
        "waiting": proposed_of(survivor.pk, merged.pk),
        "refusal": refusal,
    }
    is_refused = form.errors or refusal
    return render(request, "staff/customers/merging/new.html", context, status=422 if is_refused else 200)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def merge(request: StaffRequest, customer_merge_id: UUID) -> HttpResponse:
    """One merge: what is kept, who said what, and what can be done now."""
    return _page(request, _find(customer_merge_id))


@require_POST
@requires(Permission.APPROVE_CASE)
@requires_recent_sign_in(lambda customer_merge_id: reverse("customer-merge", args=[customer_merge_id]))
def merge_approve(request: StaffRequest, customer_merge_id: UUID) -> HttpResponse:
    """Make the two one."""
    return _decide(
        request,
        customer_merge_id,
        lambda found: approve_merge(merge=found, actor=request.actor, now=timezone.now()),
        _("The two are one now. It can be taken back as long as nothing is built on it."),
    )


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def merge_reject(request: StaffRequest, customer_merge_id: UUID) -> HttpResponse:
    """Leave them two. Whoever may propose or approve may say so."""
    return _decide(
        request,
        customer_merge_id,
        lambda found: reject_merge(merge=found, actor=request.actor, now=timezone.now()),
        _("The proposal is rejected; nothing has changed."),
    )


@require_POST
@requires(Permission.APPROVE_CASE)
@requires_recent_sign_in(lambda customer_merge_id: reverse("customer-merge", args=[customer_merge_id]))
def merge_reverse(request: StaffRequest, customer_merge_id: UUID) -> HttpResponse:
    """Make them two again."""
    form = ReverseForm(request.POST)
    if not form.is_valid():
        return _page(request, _find(customer_merge_id), form=form)
    reason = form.cleaned_data["reason"]
    return _decide(
        request,
        customer_merge_id,
        lambda found: reverse_merge(merge=found, reason=reason, actor=request.actor, now=timezone.now()),
        _("The merge is taken back; they are two customers again."),
    )


def _decide(
    request: StaffRequest, customer_merge_id: UUID, act: Callable[[CustomerMerge], None], said: str
) -> HttpResponse:
    try:
        act(_find(customer_merge_id))
    except MergeRefused as refused:
        return _page(request, _find(customer_merge_id), refusal=str(refused))
    messages.success(request, said)
    return redirect("customer-merge", customer_merge_id)


def _page(
    request: StaffRequest, found: CustomerMerge, *, form: ReverseForm | None = None, refusal: str = ""
) -> HttpResponse:
    survivor, merged = found.survivor, found.merged
    masks = _masks(request, survivor, merged)
    context: dict[str, Any] = {**_heads(request, survivor, merged), "merge": found, "refusal": refusal}
    if found.status == Status.PROPOSED:
        beside = beside_each_other(survivor, merged)
        context["lines"] = lines_of(beside, masks, taken=found.taken)
        context["obstacles"] = reasons_against(survivor, merged, now=timezone.now())
        context["is_stale"] = beside.seen() != bytes(found.seen)
    elif found.status != Status.REJECTED:
        context["changes"] = became(found, masks)
    if found.status == Status.APPROVED:
        context["form"] = form or ReverseForm()
        context["obstacles"] = reasons_to_stay(found)
    context["is_own"] = request.membership.did((found.proposed_by, found.proposed_person))
    context["people"] = names_of([found.proposed_by, found.approved_by, found.rejected_by, found.reversed_by])
    is_refused = refusal or (form is not None and form.errors)
    return render(request, "staff/customers/merging/merge.html", context, status=422 if is_refused else 200)


def _heads(request: StaffRequest, survivor: Customer, merged: Customer) -> dict[str, Any]:
    facts = facts_of_each([survivor, merged])
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    names = [name_shown(one, facts[one.pk], masked=masked) for one in (survivor, merged)]
    return {"survivor": survivor, "merged": merged, "survivor_name": names[0], "merged_name": names[1]}


def _masks(request: StaffRequest, survivor: Customer, merged: Customer) -> Masks:
    """Each side as on its own page: masked until somebody gives a reason there."""
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return Masks((True, True))
    now = timezone.now()
    shown = [shown_until(request.session, one.pk, now) is None for one in (survivor, merged)]
    return Masks((shown[0], shown[1]), ("name", "kana"))


def _find(customer_merge_id: UUID) -> CustomerMerge:
    rows = CustomerMerge.objects.select_related("survivor", "merged")
    found: CustomerMerge = get_object_or_404(rows, pk=customer_merge_id)
    return found
