"""Campaigns: planning one, what its approver sees, how far it has got, stopping and resuming it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.entrances import answers_by_entrance, sheets_under_way
from campaigns.forms import PlanForm, ReasonForm
from campaigns.funnels import funnel_of
from campaigns.listing import CONCERNED, NAME, asked_of, reviews_asked, title_of
from campaigns.models import Campaign
from campaigns.samples import sample_letter, samples_of, weights_of
from campaigns.selectors import (
    campaign_costs,
    campaign_page,
    campaign_people,
    campaign_progress,
    last_failures,
    plan_summary,
    questionnaires_offered,
    reviews_page,
)
from campaigns.services import (
    CampaignRefused,
    approve_campaign,
    close_campaign,
    pause_campaign,
    plan_campaign,
    reject_campaign,
    resume_campaign,
    submit_campaign,
)
from campaigns.steps import steps_of
from campaigns.wording import TASK_FIGURES, reasons, task_figure
from channels.models import ChannelKind
from channels.protocols import STANDARD_SIZE_G
from customers.models import Customer
from customers.presenting import name_shown
from customers.selectors import facts_of_each
from outreach.counting import Figures
from questionnaires.models import QuestionnaireVersion
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

_STARTED = (Campaign.Status.RUNNING, Campaign.Status.PAUSED, Campaign.Status.CLOSED)


@require_GET
@requires(Permission.VIEW_TASKS)
def index(request: StaffRequest) -> HttpResponse:
    """All campaigns, newest first."""
    status = request.GET.get("status", "")
    status = status if status in Campaign.Status.values else ""
    page = campaign_page(status=status or None, cursor=_cursor(request))
    context = {"page": page, "status": status, "statuses": Campaign.Status.choices}
    return render(request, "staff/campaigns/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLAN_CAMPAIGN)
def new(request: StaffRequest) -> HttpResponse:
    """Plan a campaign over everybody who is due."""
    form = PlanForm(request.POST if request.method == "POST" else None, offered=questionnaires_offered())
    if form.is_valid():
        try:
            campaign = plan_campaign(**form.plan, actor=request.actor, now=timezone.now())
        except CampaignRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The campaign is planned. Nothing is sent before it is approved."))
            return redirect("campaign", campaign.pk)
    return render(request, "staff/campaigns/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_TASKS)
def campaign(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """One campaign: before it starts its plan, afterwards its progress. Asked for by htmx, the progress alone."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    if "HX-Request" in request.headers and found.status in _STARTED:
        return render(request, "staff/campaigns/campaign.html#progress", _progress(found))
    return _campaign_page(request, found, ReasonForm())


@require_GET
@requires(Permission.VIEW_TASKS)
def customers(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """The customers behind a number of the campaign's page."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    asked = asked_of({**request.GET.dict(), "campaign": str(found.pk)})
    if asked is None:
        raise Http404
    page = reviews_page(reviews_asked(asked, today=timezone.localdate()), _cursor(request))
    facts = facts_of_each(review.customer for review in page.items)
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    failures = last_failures([review.pk for review in page.items])
    context = {
        "campaign": found,
        "title": title_of(asked),
        "export": f"{reverse('export-new')}?{urlencode({'list': NAME, **asked})}",
        "page": page,
        "rows": [
            (
                review,
                name_shown(review.customer, facts[review.customer_id], masked=masked),
                failures.get(review.pk) if review.status in CONCERNED else None,
            )
            for review in page.items
        ],
    }
    return render(request, "staff/campaigns/customers.html", context)


@require_GET
@requires(Permission.VIEW_TASKS)
def steps(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """How far customers get with their answers, page by page."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    versions = steps_of(found, language=get_language() or "ja", now=timezone.now())
    return render(request, "staff/campaigns/steps.html", {"campaign": found, "versions": versions})


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def letter(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """The letter as it will be posted, to nobody in particular."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    pdf = sample_letter(found, request.tenant, timezone.localdate())
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="letter.pdf"'}
    )


@require_POST
@requires(Permission.PLAN_CAMPAIGN)
def submit(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Ask for approval."""
    return _step(request, campaign_id, submit_campaign, _("The campaign waits for approval."))


@require_POST
@requires(Permission.APPROVE_CAMPAIGN)
@requires_recent_sign_in(lambda campaign_id: reverse("campaign", args=[campaign_id]))
def approve(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Let the campaign start, as the page showed it."""

    def step(**arguments: Any) -> None:
        approve_campaign(seen_hash=request.POST.get("seen_hash", ""), **arguments)

    return _step(request, campaign_id, step, _("The campaign has started."))


@require_POST
@requires(Permission.APPROVE_CAMPAIGN)
def reject(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Return the campaign to its planner with a reason."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _campaign_page(request, found, form)
    reason = form.cleaned_data["reason"]

    def step(**arguments: Any) -> None:
        reject_campaign(reason=reason, **arguments)

    return _step(request, campaign_id, step, _("The campaign went back to its planner."))


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def pause(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Stop sending. Whoever may plan or approve may stop."""
    _check_may_steer(request)
    return _step(request, campaign_id, pause_campaign, _("Sending has stopped. Answers are still taken."))


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def resume(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Go on sending."""
    _check_may_steer(request)
    return _step(request, campaign_id, resume_campaign, _("Sending goes on."))


@require_POST
@requires(Permission.PLAN_CAMPAIGN)
def close(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """End the campaign, or throw a draft away."""
    return _step(request, campaign_id, close_campaign, _("The campaign is closed."))


def _step(request: StaffRequest, campaign_id: UUID, step: Callable[..., None], success: str) -> HttpResponse:
    """One act on a campaign; a refusal shows the campaign as it is now, and why."""
    found = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
    try:
        step(campaign=found, actor=request.actor, now=timezone.now())
    except CampaignRefused as refusal:
        now = get_object_or_404(Campaign.objects.all(), pk=campaign_id)
        return _campaign_page(request, now, ReasonForm(), refusal=str(refusal))
    messages.success(request, success)
    return redirect("campaign", campaign_id)


def _may_steer(request: StaffRequest) -> bool:
    return may(request, Permission.PLAN_CAMPAIGN) or may(request, Permission.APPROVE_CAMPAIGN)


def _check_may_steer(request: StaffRequest) -> None:
    if not _may_steer(request):
        raise PermissionDenied(Permission.APPROVE_CAMPAIGN.value)


def _campaign_page(request: StaffRequest, found: Campaign, form: StaffForm, *, refusal: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "campaign": found,
        "form": form,
        "refusal": refusal,
        "people": names_of([found.planned_by, found.submitted_by, found.approved_by]),
        "is_own": request.membership.did(
            (found.planned_by, found.planned_person), (found.submitted_by, found.submitted_person)
        ),
        "may_steer": _may_steer(request),
    }
    if found.status in _STARTED and found.approved_by is not None:
        context |= _progress(found)
    else:
        context |= _plan(request, found)
    return render(request, "staff/campaigns/campaign.html", context, status=422 if form.errors or refusal else 200)


def _progress(found: Campaign) -> dict[str, Any]:
    progress = campaign_progress(found)
    people = campaign_people(found, today=timezone.localdate())
    return {
        "campaign": found,
        "funnel": funnel_of(progress),
        "progress": progress,
        "costs": campaign_costs(found, progress, people),
        "entrances": answers_by_entrance(found),
        "sheets": sheets_under_way(found),
        "by_people": [(figures, _numbers(figures)) for figures in people],
        "is_moving": found.status == Campaign.Status.RUNNING,
        "channels": [
            (code, [(status, count) for status, count in sorted(counts.items())], sum(counts.values()))
            for code in ChannelKind.values
            if (counts := progress.by_channel.get(code))
        ],
    }


def _numbers(figures: Figures) -> list[tuple[str, str, int]]:
    """Code, words and number of everything there is to say of one kind of calls and visits."""
    shown = [(code, getattr(figures, code)) for code in TASK_FIGURES] + list(figures.outcomes.items())
    return [(code, task_figure(code), count) for code, count in shown if count]


def _plan(request: StaffRequest, found: Campaign) -> dict[str, Any]:
    summary = plan_summary(found)
    used = [code for code, count in summary["first_channels"].items() if count]
    return {
        "summary": summary,
        "tiers": [
            (tier, summary["by_tier"].get(tier, {}), summary["ladder"].get(tier, []), summary["ekyc"].get(tier, ""))
            for tier in ("HIGH", "MEDIUM", "LOW")
        ],
        "first_channels": [(code, summary["first_channels"][code]) for code in used],
        "exemptions": reasons(summary["reasons"].get("EXEMPT", {})),
        "not_due": reasons(summary["reasons"].get("NOT_DUE", {})),
        "questionnaires": _asked(summary["questionnaires"]),
        "weights": weights_of(found),
        "heaviest": STANDARD_SIZE_G,
        "samples": samples_of(found, request.tenant, used),
    }


def _asked(versions: list[tuple[str, QuestionnaireVersion | None]]) -> list[tuple[str, dict[str, Any] | None]]:
    """Whom, and what: its name for the reader and the number of its version; None where it is not in force."""
    language = get_language() or "ja"
    return [
        (
            str(Customer.Kind(kind).label),
            {"name": one.questionnaire.name_in(language), "number": one.number} if one else None,
        )
        for kind, one in versions
    ]


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
