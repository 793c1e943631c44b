"""Pages of sending: how each channel does, its brake, its limits, and when customers are left in peace."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.checking import check_account
from channels.findings import words_of
from channels.forms import LimitsForm, PauseForm, RulesForm
from channels.gates import sending_rules
from channels.health import channel_health, failures_today, quarantined_events
from channels.models import ProviderAccount
from channels.services import (
    change_limits,
    change_rules,
    pause_account,
    pause_tenant,
    resume_account,
    resume_tenant,
)
from channels.stop_words import words_of_stop
from tenants.keys import cipher
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires

EVENTS_SHOWN = 20


@require_GET
@requires(Permission.VIEW_SENDING)
def index(request: StaffRequest) -> HttpResponse:
    """Every channel, and what waits for a person."""
    return _index(request)


def _index(request: StaffRequest, *, form: PauseForm | None = None, place: str = "") -> HttpResponse:
    rules, now = sending_rules(), timezone.now()
    context = {
        "rules": rules,
        "stop": words_of_stop("", rules.pause_reason) if rules.is_paused else None,
        "rows": channel_health(now=now),
        "failures": failures_today(now=now),
        "events": quarantined_events().select_related("account").order_by("-received_at")[:EVENTS_SHOWN],
        "form": form,
        "place": place,
    }
    return render(request, "staff/channels/index.html", context, status=422 if form else 200)


@require_POST
@requires(Permission.STOP_SENDING)
def pause(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Let nothing more leave by a channel."""
    account, form = _account(provider_account_id), PauseForm(request.POST)
    if not form.is_valid():
        return _index(request, form=form, place=str(provider_account_id))
    pause_account(account=account, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
    messages.success(request, _("Sending by this channel has stopped. What was already on its way may still arrive."))
    return redirect("sending")


@require_POST
@requires(Permission.STOP_SENDING)
def resume(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Let messages leave by a channel again."""
    resume_account(account=_account(provider_account_id), actor=request.actor, now=timezone.now())
    messages.success(request, _("Sending by this channel goes on."))
    return _back(request, provider_account_id)


@require_POST
@requires(Permission.STOP_SENDING)
def pause_all(request: StaffRequest) -> HttpResponse:
    """Let nothing leave by any channel."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _index(request, form=form, place="all")
    pause_tenant(reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
    messages.success(request, _("All sending has stopped. What was already on its way may still arrive."))
    return redirect("sending")


@require_POST
@requires(Permission.STOP_SENDING)
def resume_all(request: StaffRequest) -> HttpResponse:
    """Let messages leave again."""
    resume_tenant(actor=request.actor, now=timezone.now())
    messages.success(request, _("Sending goes on by every channel that is not stopped itself."))
    return redirect("sending")


@require_POST
@transaction.non_atomic_requests
@requires(Permission.STOP_SENDING)
def test(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Ask the provider whether messages would leave."""
    with transaction.atomic():
        account = _account(provider_account_id)
        cipher()  # its credentials are opened outside
    findings = check_account(account)
    with transaction.atomic():
        for finding in findings:
            level = messages.SUCCESS if finding.is_ok else messages.ERROR
            messages.add_message(request, level, words_of(finding))
        return _back(request, provider_account_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def rules(request: StaffRequest) -> HttpResponse:
    """When customers are left in peace."""
    form = RulesForm(request.POST) if request.method == "POST" else RulesForm.of(sending_rules())
    if request.method == "POST" and form.is_valid():
        change_rules(changes=form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("The rules of sending have been changed."))
        return redirect("sending")
    return render(request, "staff/channels/rules.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def limits(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """How much may leave by a channel."""
    account = _account(provider_account_id)
    form = LimitsForm(request.POST) if request.method == "POST" else LimitsForm.of(account)
    if request.method == "POST" and form.is_valid():
        change_limits(account=account, limits=form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("The limits have been changed."))
        return redirect("sending")
    context = {"form": form, "account": account}
    return render(request, "staff/channels/limits.html", context, status=422 if form.errors else 200)


def _back(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """To the page of the account if the button stood there, else to that of all channels."""
    if request.POST.get("page") == "account":
        return redirect("sending-channel", provider_account_id)
    return redirect("sending")


def _account(provider_account_id: UUID) -> ProviderAccount:
    account: ProviderAccount = get_object_or_404(ProviderAccount.objects.all(), pk=provider_account_id)
    return account
