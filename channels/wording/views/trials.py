"""Sending a text as a test, what became of it, and the letter to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels.models import MessageTemplate, Trial
from channels.protocols import Channel
from channels.rendering import CannotRender, Sheet, render_letters
from channels.wording.guests import guests_by_id
from channels.wording.samples import accounts_by_channel, sample_sheet
from channels.wording.selectors import SLOTS, Words, sample_wording, text_of
from channels.wording.trials import TrialRefused, left_today, reason_of, recipients_for, send_trial, trials_of
from tenants.keys import cipher
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires

Status = Trial.Status


@dataclass(frozen=True, slots=True)
class Shown:
    """A test as the page shows it."""

    trial: Trial
    to: str
    reasons: list[str]
    is_same: bool  # the text is still the one that was sent


@require_POST
@transaction.non_atomic_requests
@requires(Permission.EDIT_TEMPLATE)
def send(request: StaffRequest, place: str, version: int) -> HttpResponse:
    """Send the text to the person chosen, and say at once what the provider answered."""
    with transaction.atomic():
        words = text(place, version)
        cipher()  # the account's credentials are opened outside
    try:
        trial = send_trial(words=words, to=request.POST.get("to", ""), actor=request.actor, now=timezone.now())
    except TrialRefused as refusal:
        messages.error(request, str(refusal))
    else:
        _say(request, trial)
    with transaction.atomic():
        return back_to(words)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def letter(request: StaffRequest, place: str, version: int) -> HttpResponse:
    """The letter as it would be posted, to nobody in particular."""
    words = text(place, version)
    if words.slot.channel != Channel.POST:
        return back_to(words)
    wording = sample_wording(words.slot, request.tenant, timezone.localdate())
    return as_pdf(request, sample_sheet(words, wording, accounts_by_channel(), today=timezone.localdate()), words)


def tests_of(request: StaffRequest, words: Words) -> dict[str, Any]:
    """What the page of a text says of tests: to whom one may go, how many are left, what became of the last."""
    trials = trials_of(words)
    staff = names_of([trial.staff_reference for trial in trials])
    guests = guests_by_id({trial.guest_reference for trial in trials})
    may_send = may(request, Permission.EDIT_TEMPLATE) and words.slot.channel != Channel.POST
    return {
        "recipients": recipients_for(words.slot.channel, user_id=request.user.pk) if may_send else [],
        "may_send": may_send,
        "left": left_today(now=timezone.now()) if may_send else 0,
        "rows": [
            Shown(
                trial,
                staff.get(trial.staff_reference or 0)
                or guests.get(trial.guest_reference)
                or _("No longer on the list"),
                reason_of(trial),
                trial.digest == words.digest,
            )
            for trial in trials
        ],
    }


def text(place: str, version: int) -> Words:
    """The text that an address names. Raises Http404."""
    words = text_of(SLOTS[place], version) if place in SLOTS and version < 2**31 else None
    if words is None:
        raise Http404
    return words


def back_to(words: Words) -> HttpResponse:
    """The page of a text."""
    if words.version and (found := MessageTemplate.objects.filter(pk=words.template_id).first()):
        return redirect("template", found.pk)
    return redirect("template-place", words.slot.name)


def as_pdf(request: StaffRequest, sheet: Sheet, words: Words) -> HttpResponse:
    """A letter to look at; back to the text, with the reason, if it cannot be printed whole."""
    try:
        pdf = render_letters([sheet])[0]
    except CannotRender as refusal:
        messages.error(request, _("The letter cannot be printed like this (%(code)s).") % {"code": refusal.code})
        return back_to(words)
    headers = {"Content-Disposition": 'inline; filename="letter.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _say(request: StaffRequest, trial: Trial) -> None:
    if trial.status == Status.FAILED:
        messages.error(request, " ".join([_("The test was not sent."), *reason_of(trial)]))
    elif trial.status == Status.UNKNOWN:
        messages.warning(request, _("Whether the test was sent is not known. Ask the recipient."))
    else:
        messages.success(request, _("The test was sent."))
