"""Pages of sending again: what may be, the proposals, and the second person's decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms import ResendForm
from campaigns.models import Campaign, ResendProposal
from campaigns.resends.selectors import MOST, QUEUED, REFUSALS, groups_of, ids_of, item_page, outcomes_of, proposal_page
from campaigns.selectors import review_of
from campaigns.services import CampaignRefused, approve_resend, propose_resend, reject_resend
from channels.advice import advice_for
from channels.models import DeliveryAttempt
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = ResendProposal.Status


@require_GET
@requires(Permission.VIEW_SENDING)
def resends(request: StaffRequest) -> HttpResponse:
    """Every proposal to send notices again."""
    status = request.GET.get("status", "")
    status = status if status in Status.values else ""
    page = proposal_page(status=status, cursor=_cursor(request))
    context = {
        "page": page,
        "status": status,
        "statuses": Status.choices,
        "people": names_of(proposal.proposed_by for proposal in page.items),
    }
    return render(request, "staff/campaigns/resends.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLAN_CAMPAIGN)
def campaign_resend(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """What of a campaign may be sent again, in groups, one of which is proposed."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    groups = groups_of(found)
    form = ResendForm(request.POST if request.method == "POST" else None)
    channel, _colon, kind = request.POST.get("group", "").partition(":")
    refusal = ""
    if form.is_valid():
        if (channel, kind) in [(group.channel, group.kind) for group in groups]:
            answer = _propose(request, found, ids_of(found, channel=channel, kind=kind), form)
            if isinstance(answer, HttpResponse):
                return answer
            refusal = answer
        else:
            refusal = _("Choose which notices are to be sent again.")
    context = {"campaign": found, "groups": groups, "form": form, "refusal": refusal, "most": MOST}
    return render(request, "staff/campaigns/resend_new.html", context, status=422 if form.errors or refusal else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLAN_CAMPAIGN)
def attempt_resend(request: StaffRequest, delivery_attempt_id: UUID) -> HttpResponse:
    """One notice, from its customer's timeline."""
    rows = DeliveryAttempt.objects.select_related("notice__customer")
    attempt = get_object_or_404(rows, pk=delivery_attempt_id)
    review = review_of(attempt.notice.reference)
    form = ResendForm(request.POST if request.method == "POST" else None)
    refusal = "" if review else str(REFUSALS["ended"])
    if form.is_valid() and review is not None:
        answer = _propose(request, review.campaign, [attempt.pk], form)
        if isinstance(answer, HttpResponse):
            return answer
        refusal = answer
    context = {
        "attempt": attempt,
        "customer": attempt.notice.customer,
        "advice": advice_for(attempt.channel, attempt.failure_code, attempt.failure_kind),
        "form": form,
        "refusal": refusal,
    }
    is_refused = request.method == "POST" and (form.errors or refusal)
    return render(request, "staff/campaigns/resend_one.html", context, status=422 if is_refused else 200)


@require_GET
@requires(Permission.VIEW_SENDING)
def resend(request: StaffRequest, resend_proposal_id: UUID) -> HttpResponse:
    """One proposal with its notices and what became of them."""
    return _page(request, _find(resend_proposal_id))


@require_POST
@requires(Permission.APPROVE_CAMPAIGN)
@requires_recent_sign_in(lambda resend_proposal_id: reverse("campaign-resend-proposal", args=[resend_proposal_id]))
def approve(request: StaffRequest, resend_proposal_id: UUID) -> HttpResponse:
    """Let the notices be sent again."""
    found = _find(resend_proposal_id)
    try:
        outcomes = approve_resend(proposal=found, actor=request.actor, now=timezone.now())
    except CampaignRefused as refused:
        return _page(request, _find(resend_proposal_id), refusal=str(refused))
    queued = outcomes.pop(QUEUED, 0)
    said = ngettext("%(count)s notice is sent again.", "%(count)s notices are sent again.", queued) % {"count": queued}
    messages.success(request, said)
    if outcomes:
        messages.warning(request, _("Some are not sent; the list says why."))
    return redirect("campaign-resend-proposal", found.pk)


@require_POST
@requires(Permission.STOP_SENDING)
def reject(request: StaffRequest, resend_proposal_id: UUID) -> HttpResponse:
    """Send nothing again. Whoever may plan or approve may say so."""
    found = _find(resend_proposal_id)
    try:
        reject_resend(proposal=found, actor=request.actor, now=timezone.now())
    except CampaignRefused as refused:
        return _page(request, _find(resend_proposal_id), refusal=str(refused))
    messages.success(request, _("The proposal is rejected; nothing is sent again."))
    return redirect("campaign-resend-proposal", found.pk)


def _propose(
    request: StaffRequest, campaign: Campaign, attempt_ids: Sequence[UUID], form: ResendForm
) -> HttpResponse | str:
    """To the proposal's page, or why there is none."""
    try:
        proposal = propose_resend(
            campaign=campaign,
            attempt_ids=attempt_ids,
            reason=form.cleaned_data["reason"],
            actor=request.actor,
            now=timezone.now(),
        )
    except CampaignRefused as refused:
        return str(refused)
    messages.success(request, _("The proposal waits for a second person. Nothing is sent before that."))
    return redirect("campaign-resend-proposal", proposal.pk)


def _page(request: StaffRequest, found: ResendProposal, *, refusal: str = "") -> HttpResponse:
    page = item_page(found, cursor=_cursor(request))
    rows = [(item, *_said(item.attempt, item.outcome)) for item in page.items]
    context: dict[str, Any] = {
        "proposal": found,
        "page": page,
        "rows": rows,
        "outcomes": outcomes_of(found),
        "people": names_of([found.proposed_by, found.approved_by, found.rejected_by]),
        "is_own": request.membership.did((found.proposed_by, found.proposed_person)),
        "refusal": refusal,
    }
    return render(request, "staff/campaigns/resend.html", context, status=422 if refusal else 200)


def _said(attempt: DeliveryAttempt, outcome: str) -> tuple[Any, Any]:
    """Why the old attempt came to nothing, and what became of the wish."""
    advice = advice_for(attempt.channel, attempt.failure_code, attempt.failure_kind)
    became = _("A new notice was queued") if outcome == QUEUED else REFUSALS.get(outcome, "")
    return advice.reason if advice else "", became


def _find(resend_proposal_id: UUID) -> ResendProposal:
    rows = ResendProposal.objects.select_related("campaign")
    found: ResendProposal = get_object_or_404(rows, pk=resend_proposal_id)
    return found


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
