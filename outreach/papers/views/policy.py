"""The page of how paper answers are checked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from outreach.papers.forms import PolicyForm
from outreach.papers.holding import PaperRefused
from outreach.papers.models import PaperPolicy
from outreach.papers.policies import decide_policy, propose_policy
from outreach.papers.selectors import policy_in_force
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = PaperPolicy.Status


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def policy(request: StaffRequest) -> HttpResponse:
    """What is in force, and what waits."""
    return _page(request, PolicyForm(policy_in_force()))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def propose(request: StaffRequest) -> HttpResponse:
    """Propose another way of checking."""
    form = PolicyForm(policy_in_force(), request.POST)
    if form.is_valid():
        try:
            propose_policy(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except PaperRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("The change is proposed. It takes effect when a second person has approved it.")
            )
            return redirect("paper-policy")
    return _page(request, form)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda **_ids: reverse("paper-policy"))
def decide(request: StaffRequest, paper_policy_id: UUID) -> HttpResponse:
    """Approve or reject a proposal."""
    proposed = get_object_or_404(PaperPolicy.objects.all(), pk=paper_policy_id)
    is_approved = request.POST.get("decision") == "approve"
    try:
        decide_policy(policy=proposed, is_approved=is_approved, actor=request.actor, now=timezone.now())
    except PaperRefused as refused:
        return _page(request, PolicyForm(policy_in_force()), refusal=str(refused))
    done = _("The change is in force.") if is_approved else _("The change is rejected; nothing has changed.")
    messages.success(request, done)
    return redirect("paper-policy")


def _page(request: StaffRequest, form: PolicyForm, *, refusal: str = "") -> HttpResponse:
    waiting = PaperPolicy.objects.filter(status=Status.PROPOSED).first()
    own = waiting is not None and request.membership.did((waiting.proposed_by, waiting.proposed_person))
    context = {
        "policy": policy_in_force(),
        "waiting": waiting,
        "own": {waiting.pk} if own and waiting else set(),
        "people": names_of([waiting.proposed_by] if waiting else []),
        "policy_form": form,
        "form": form if form.is_bound else None,
        "refusal": refusal,
    }
    return render(request, "staff/papers/policy.html", context, status=422 if refusal or form.errors else 200)
