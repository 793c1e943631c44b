"""The page of the risk policy in force, what it lacks of the standard one, and the change that takes it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.lists.selectors import word_of
from customers.presenting import label
from risk.drafting import DraftRefused, approve_draft, draft_missing, reject_draft
from risk.judging import NO_POINTS, propose_verdicts, verdicts_between, waiting
from risk.models import PolicyDraft, RiskPolicy
from risk.scoring import factors_missing
from risk.selectors import compiled, open_draft, published_policy
from risk.services import default_document
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

_NOTHING = "none"  # a choice that was made, unlike one left open


@require_GET
@requires(Permission.VIEW_IMPORTS)
def policy(request: StaffRequest) -> HttpResponse:
    """The factors in force, and those of the standard policy of which it has nothing."""
    return _page(request)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def draft(request: StaffRequest) -> HttpResponse:
    """Propose the policy with what it lacks."""
    return _step(
        request,
        lambda: draft_missing(actor=request.actor, now=timezone.now()),
        _("The change is proposed. It counts once another person has approved it."),
    )


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def judge(request: StaffRequest) -> HttpResponse:
    """Propose what codes bring that came into a list after the policy was written."""
    typed = {name: str(said) for name, said in request.POST.items() if "." in name and said}
    verdicts = {_judged(name): NO_POINTS if said == _NOTHING else said for name, said in typed.items()}
    return _step(
        request,
        lambda: propose_verdicts(verdicts=verdicts, actor=request.actor, now=timezone.now()),
        _("The change is proposed. It counts once another person has approved it."),
    )


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda policy_draft_id: reverse("risk-policy"))
def approve(request: StaffRequest, policy_draft_id: UUID) -> HttpResponse:
    """Have it published."""
    found = _find(policy_draft_id)
    said = _("The change is approved. It is in force within a minute, and every customer is rated anew.")
    return _step(request, lambda: approve_draft(draft=found, actor=request.actor, now=timezone.now()), said)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def reject(request: StaffRequest, policy_draft_id: UUID) -> HttpResponse:
    """Leave the policy as it is."""
    found = _find(policy_draft_id)
    said = _("The risk policy stays as it is.")
    return _step(request, lambda: reject_draft(draft=found, actor=request.actor, now=timezone.now()), said)


def _step(request: StaffRequest, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except DraftRefused as refused:
        return _page(request, str(refused))
    messages.success(request, said)
    return redirect("risk-policy")


def _page(request: StaffRequest, refusal: str = "") -> HttpResponse:
    found, proposed = published_policy(), open_draft()
    document: Mapping[str, Any] = found.document if found else {"factors": [], "tiers": []}
    last = PolicyDraft.objects.filter(published_version=0).order_by("-proposed_at").first()
    context = {
        "policy": found,
        "factors": _told(document["factors"]),
        "levels": _levels(document),
        "missing": _told(factors_missing(document, default_document())) if found else [],
        "proposed": proposed,
        "added": _told(_added(proposed)) if proposed else [],
        "verdicts": _verdicts(found, proposed) if found and proposed else [],
        "unjudged": _unjudged(found) if found else [],
        "nothing": _NOTHING,
        "is_stranded": bool(last and found and last.based_on == found.version),
        "is_own": proposed is not None and request.membership.did((proposed.proposed_by, proposed.proposed_person)),
        "people": names_of([proposed.proposed_by] if proposed else []),
        "refusal": refusal,
    }
    return render(request, "staff/risk/policy.html", context, status=422 if refusal else 200)


def _levels(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tiers, the highest first."""
    levels: list[Mapping[str, Any]] = document["tiers"]
    return sorted(levels, key=lambda level: int(level["from"]), reverse=True)


def _unjudged(found: RiskPolicy) -> list[tuple[str, str, str, list[tuple[str, str, int]]]]:
    """Codes to be judged: the control's name, the fact and the code in words, and the factors that could take it in."""
    language = _language()
    return [
        (
            f"{one.key}.{one.code}",
            label(one.key),
            word_of(one.key, one.code, language),
            [(code, factor["label"][language], factor["points"]) for code, factor in one.factors],
        )
        for one in waiting(found.document, compiled(found))
    ]


def _verdicts(found: RiskPolicy, proposed: PolicyDraft) -> list[tuple[str, str, str, int]]:
    """What a draft would judge: the fact and the code in words, what takes it in, and the points."""
    language = _language()
    none: Mapping[str, Any] = {"label": {language: ""}, "points": 0}
    return [
        (label(key), word_of(key, code, language), (factor or none)["label"][language], (factor or none)["points"])
        for key, code, factor in verdicts_between(found.document, proposed.document)
    ]


def _judged(name: str) -> tuple[str, str]:
    """The list and the code that a control is about."""
    key, _dot, code = name.partition(".")
    return key, code


def _language() -> str:
    return "ja" if (get_language() or "ja").startswith("ja") else "en"


def _added(proposed: PolicyDraft) -> Iterable[Mapping[str, Any]]:
    return [factor for factor in proposed.document["factors"] if factor["code"] in proposed.added]


def _told(factors: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, frozenset[str]]]:
    """What each is called, its points, and for whom."""
    language = _language()
    return [(factor["label"][language], factor["points"], frozenset(factor["kinds"])) for factor in factors]


def _find(policy_draft_id: UUID) -> PolicyDraft:
    found: PolicyDraft = get_object_or_404(PolicyDraft.objects.all(), pk=policy_draft_id)
    return found
