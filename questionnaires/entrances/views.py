"""The page of how customers come in: facts, addresses to print, keys of the institution's own app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from questionnaires.entrances import services
from questionnaires.entrances.forms import KeyForm, PolicyForm
from questionnaires.entrances.selectors import policy_in_force
from questionnaires.entrances.services import EntranceRefused
from questionnaires.models import EntranceKey, EntrancePolicy
from tenants.domains.addresses import entry_page
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = EntrancePolicy.Status


@require_GET
@requires(Permission.VIEW_SENDING)
def entrances(request: StaffRequest) -> HttpResponse:
    """How customers come in."""
    return _page(request)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def propose_policy(request: StaffRequest) -> HttpResponse:
    """Propose other facts."""
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, policy_form=form)
    said = form.cleaned_data
    return _do(request, lambda: services.propose_policy(**said, actor=request.actor, now=timezone.now()), _proposed)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def propose_key(request: StaffRequest) -> HttpResponse:
    """Propose a key."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, key_form=form)
    said = form.cleaned_data
    return _do(request, lambda: services.propose_key(**said, actor=request.actor, now=timezone.now()), _proposed)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda **_ids: reverse("entrances"))
def decide_policy(request: StaffRequest, entrance_policy_id: UUID) -> HttpResponse:
    """Approve or reject proposed facts."""
    return _decide(request, get_object_or_404(EntrancePolicy.objects.all(), pk=entrance_policy_id))


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda **_ids: reverse("entrances"))
def decide_key(request: StaffRequest, entrance_key_id: UUID) -> HttpResponse:
    """Approve or reject a proposed key."""
    return _decide(request, get_object_or_404(EntranceKey.objects.all(), pk=entrance_key_id))


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def retire_key(request: StaffRequest, entrance_key_id: UUID) -> HttpResponse:
    """Take no more words of a key."""
    key = get_object_or_404(EntranceKey.objects.all(), pk=entrance_key_id)
    done = _("The key is retired; nobody comes in by it any more.")
    return _do(request, lambda: services.retire_key(key=key, actor=request.actor, now=timezone.now()), lambda: done)


def _proposed() -> str:
    return _("The change is proposed. It takes effect when a second person has approved it.")


def _decide(request: StaffRequest, proposed: services.Proposed) -> HttpResponse:
    is_approval = request.POST.get("decision") == "approve"
    act = services.approve if is_approval else services.reject
    done = _("The change is in force.") if is_approval else _("The change is rejected; nothing has changed.")
    return _do(request, lambda: act(proposed=proposed, actor=request.actor, now=timezone.now()), lambda: done)


def _do(request: StaffRequest, act: Callable[[], object], done: Callable[[], str]) -> HttpResponse:
    try:
        act()
    except EntranceRefused as refused:
        return _page(request, refusal=str(refused))
    messages.success(request, done())
    return redirect("entrances")


def _page(
    request: StaffRequest,
    *,
    policy_form: PolicyForm | None = None,
    key_form: KeyForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    policy = policy_in_force()
    waiting = EntrancePolicy.objects.filter(status=Status.PROPOSED).first()
    keys = list(EntranceKey.objects.exclude(status=Status.REJECTED).order_by("-proposed_at"))
    proposals = [one for one in (waiting, *keys) if one is not None and one.status == Status.PROPOSED]
    initial: dict[str, Any] = {
        "individual": policy.individual,
        "company": policy.company,
        "app_asks_facts": policy.app_asks_facts,
    }
    base, slug = settings.PUBLIC_BASE_URL, request.tenant.slug
    context = {
        "policy": policy,
        "waiting": waiting,
        "keys": keys,
        "own": {one.pk for one in proposals if request.membership.did((one.proposed_by, one.proposed_person))},
        "people": names_of([one.proposed_by for one in proposals]),
        "entry_page": entry_page(request.tenant),
        "app_page": base + reverse("entering:app", args=[slug]),
        "policy_form": policy_form or PolicyForm(initial=initial),
        "key_form": key_form or KeyForm(),
        "refusal": refusal,
    }
    is_refused = refusal or (policy_form and policy_form.errors) or (key_form and key_form.errors)
    return render(request, "staff/entrances/page.html", context, status=422 if is_refused else 200)
