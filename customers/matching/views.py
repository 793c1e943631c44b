"""Pages of pairs that look alike: the queue, one pair side by side, and what somebody says about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.matching.finding import LARGEST
from customers.matching.forms import JudgeForm
from customers.matching.models import MatchCandidate
from customers.matching.presenting import advice, reasons_in_words, side_by_side
from customers.matching.selectors import match_page
from customers.matching.services import JUDGEMENTS, MatchRefused, judge, take_back
from customers.models import Customer
from customers.presenting import name_shown
from customers.selectors import facts_of_each
from customers.viewing import shown_until
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires

Status = MatchCandidate.Status


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def matches(request: StaffRequest) -> HttpResponse:
    """Pairs that wait for somebody to look at them, or that were judged."""
    status = request.GET.get("status", "")
    status = status if status in Status.values else Status.OPEN
    page = match_page(status=status, cursor=request.GET.get("after") or request.GET.get("before"))
    facts = facts_of_each({one.pk: one for item in page.items for one in (item.first, item.second)}.values())
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    rows = [
        (
            item,
            [(one, name_shown(one, facts[one.pk], masked=masked)) for one in (item.first, item.second)],
            reasons_in_words(item.why),
            advice(item.why, facts[item.first_id], facts[item.second_id]),
        )
        for item in page.items
    ]
    context = {"page": page, "rows": rows, "status": status, "statuses": Status.choices, "largest": LARGEST}
    return render(request, "staff/customers/matches.html", context)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def match(request: StaffRequest, match_candidate_id: UUID) -> HttpResponse:
    """One pair: why it was found, and the facts of both."""
    return _page(request, _find(match_candidate_id), JudgeForm())


@require_POST
@requires(Permission.DECIDE_CASE)
def match_judge(request: StaffRequest, match_candidate_id: UUID) -> HttpResponse:
    """Say that the two are not the same, or one household."""
    found = _find(match_candidate_id)
    form = JudgeForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    judgement = form.cleaned_data["judgement"]
    try:
        judge(candidate=found, judgement=judgement, actor=request.actor, now=timezone.now())
    except MatchRefused as refused:
        return _page(request, _find(match_candidate_id), JudgeForm(), refusal=str(refused))
    messages.success(request, _("It is remembered. The search brings the two up again only for a new reason."))
    return redirect("customer-matches")


@require_POST
@requires(Permission.DECIDE_CASE)
def match_take_back(request: StaffRequest, match_candidate_id: UUID) -> HttpResponse:
    """Put the pair back into the queue."""
    found = _find(match_candidate_id)
    try:
        take_back(candidate=found, actor=request.actor, now=timezone.now())
    except MatchRefused as refused:
        return _page(request, _find(match_candidate_id), JudgeForm(), refusal=str(refused))
    messages.success(request, _("The two are to be looked at again."))
    return redirect("customer-match", found.pk)


def _page(request: StaffRequest, found: MatchCandidate, form: JudgeForm, *, refusal: str = "") -> HttpResponse:
    both = (found.first, found.second)
    facts = facts_of_each(both)
    first, second = (facts[one.pk] for one in both)
    may_see = may(request, Permission.VIEW_PERSONAL_DATA)
    masked = (_is_masked(request, found.first), _is_masked(request, found.second))
    context: dict[str, Any] = {
        "match": found,
        "sides": [
            (one, name_shown(one, facts[one.pk], masked=not may_see), is_masked)
            for one, is_masked in zip(both, masked, strict=True)
        ],
        "pairs": side_by_side(*both, (first, second), masked, open_keys=("name", "kana") if may_see else ()),
        "reasons": reasons_in_words(found.why),
        "advice": advice(found.why, first, second),
        "form": form,
        "refusal": refusal,
        "is_judged": found.status in JUDGEMENTS,
        "people": names_of([found.decided_by]),
    }
    return render(request, "staff/customers/match.html", context, status=422 if form.errors or refusal else 200)


def _is_masked(request: StaffRequest, customer: Customer) -> bool:
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return True
    return shown_until(request.session, customer.pk, timezone.now()) is None


def _find(match_candidate_id: UUID) -> MatchCandidate:
    rows = MatchCandidate.objects.select_related("first", "second")
    found: MatchCandidate = get_object_or_404(rows, pk=match_candidate_id)
    return found
