"""Pages of one account: how it does, how it is set up, its settings, and the change that waits for a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.accounts.documents import value_at
from channels.accounts.forms import AccountForm, in_words
from channels.accounts.models import AccountChange
from channels.accounts.options import channels_without, provider_named
from channels.accounts.services import AccountRefused, approve_change, change_account, open_account, reject_change
from channels.health import channel_health, failures_today
from channels.models import ProviderAccount
from channels.registry import CALLBACKS, webhook_url
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = AccountChange.Status


@require_GET
@requires(Permission.VIEW_SENDING)
def account(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Everything about one account but its secrets."""
    return _page(request, _account(provider_account_id))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def settings(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Change what may change at once, and propose the rest."""
    found = _account(provider_account_id)
    form = AccountForm(provider_named(found.provider), found, request.POST)
    if not form.is_valid():
        return _page(request, found, form=form)
    options, credentials = form.options_changed, form.credentials_entered
    try:
        change = change_account(
            account=found, options=options, credentials=credentials, actor=request.actor, now=timezone.now()
        )
    except AccountRefused as refused:
        return _page(request, found, form=form, refusal=str(refused))
    if change is not None:
        messages.success(request, _("The change is proposed. It takes effect when a second person has approved it."))
    elif options:
        messages.success(request, _("The settings have been changed."))
    else:
        messages.info(request, _("Nothing has changed."))
    return redirect("sending-channel", found.pk)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda account_change_id: reverse("sending"))
def approve(request: StaffRequest, account_change_id: UUID) -> HttpResponse:
    """Let a change through."""
    change = _change(account_change_id)
    try:
        approve_change(change=change, actor=request.actor, now=timezone.now())
    except AccountRefused as refused:
        return _page(request, _account(change.account_id), refusal=str(refused))
    messages.success(request, _("The change is in force. Test the connection now."))
    return redirect("sending-channel", change.account_id)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def reject(request: StaffRequest, account_change_id: UUID) -> HttpResponse:
    """Leave the account as it is."""
    change = _change(account_change_id)
    try:
        reject_change(change=change, actor=request.actor, now=timezone.now())
    except AccountRefused as refused:
        return _page(request, _account(change.account_id), refusal=str(refused))
    messages.success(request, _("The change is rejected; nothing has changed."))
    return redirect("sending-channel", change.account_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def new(request: StaffRequest) -> HttpResponse:
    """Open an account for a channel that has none."""
    choices = channels_without(set(ProviderAccount.objects.values_list("channel", flat=True)))
    refusal = ""
    if request.method == "POST":
        channel, _colon, provider = request.POST.get("account", "").partition(":")
        try:
            opened = open_account(channel=channel, provider=provider, actor=request.actor, now=timezone.now())
        except AccountRefused as refused:
            refusal = str(refused)
        else:
            return redirect("sending-channel", opened.pk)
    context = {"choices": choices, "refusal": refusal}
    return render(request, "staff/channels/new.html", context, status=422 if refusal else 200)


def _page(
    request: StaffRequest, found: ProviderAccount, *, form: AccountForm | None = None, refusal: str = ""
) -> HttpResponse:
    provider, now = provider_named(found.provider), timezone.now()
    change = AccountChange.objects.filter(account=found, status=Status.PROPOSED).first()
    context = {
        "account": found,
        "provider": provider,
        "row": next(row for row in channel_health(now=now) if row.account.pk == found.pk),
        "failures": [line for line in failures_today(now=now) if line.channel == found.channel],
        "webhook": webhook_url(found) if found.provider in CALLBACKS else "",
        "settings": [(one.label, in_words(one, value_at(found.options, one.name))) for one in provider.options],
        "credentials": _credentials(found),
        "change": change,
        "differences": _differences(found, change) if change else [],
        "is_own": change is not None and request.membership.did((change.proposed_by, change.proposed_person)),
        "people": names_of([change.proposed_by]) if change else {},
        "form": form or AccountForm(provider, found),
        "refusal": refusal,
    }
    is_refused = bool(refusal or (form is not None and form.errors))
    return render(request, "staff/channels/account.html", context, status=422 if is_refused else 200)


def _credentials(found: ProviderAccount) -> list[tuple[Any, bool, datetime | None]]:
    """Each credential: its label, whether there is one, and since when."""
    held, since = found.credentials or {}, found.credentials_set_at
    return [
        (
            one.label,
            bool(held.get(one.name)),
            datetime.fromisoformat(since[one.name]) if since.get(one.name) and held.get(one.name) else None,
        )
        for one in provider_named(found.provider).secrets
    ]


def _differences(found: ProviderAccount, change: AccountChange) -> list[tuple[Any, str, str]]:
    """What the second person is asked about: label, as it is, as it would be. Credentials only by name."""
    provider = provider_named(found.provider)
    lines: list[tuple[Any, str, str]] = [
        (one.label, in_words(one, value_at(found.options, one.name)), in_words(one, change.options[one.name]))
        for one in provider.options
        if one.name in change.options
    ]
    held = found.credentials or {}
    return lines + [
        (one.label, _("set") if held.get(one.name) else "—", _("a new one"))
        for one in provider.secrets
        if one.name in change.credential_names
    ]


def _account(provider_account_id: UUID) -> ProviderAccount:
    found: ProviderAccount = get_object_or_404(ProviderAccount.objects.all(), pk=provider_account_id)
    return found


def _change(account_change_id: UUID) -> AccountChange:
    found: AccountChange = get_object_or_404(AccountChange.objects.all(), pk=account_change_id)
    return found
