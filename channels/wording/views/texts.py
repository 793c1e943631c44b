"""Pages of templates: what every notice says, its versions, and the way of a new one to being in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels.linting import has_errors
from channels.models import ChannelKind, MessageTemplate, Notice
from channels.rendering import values_of
from channels.variables import VARIABLES
from channels.wording.forms import ReturnForm, WordsForm
from channels.wording.remarks import in_words
from channels.wording.samples import accounts_by_channel, sample_of
from channels.wording.selectors import (
    SLOTS,
    Slot,
    Words,
    difference,
    in_force,
    remarks_on,
    sample_wording,
    slot_of,
    versions_of,
    words_of,
)
from channels.wording.services import (
    TemplateRefused,
    approve_template,
    discard_template,
    draft_template,
    return_template,
    submit_template,
    write_template,
)
from channels.wording.views.trials import tests_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

Status = MessageTemplate.Status
_UNDER_WAY = (Status.DRAFT, Status.AWAITING_APPROVAL)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """Every place of a text with the version in force and the one being written."""
    rows = list(MessageTemplate.objects.filter(status__in=(*_UNDER_WAY, Status.APPROVED)))
    of_slot = {(slot_of(row), row.status == Status.APPROVED): row for row in rows}
    channels = [
        (label, [_titled(slot, of_slot) for slot in SLOTS.values() if slot.channel == channel])
        for channel, label in ChannelKind.choices
    ]
    return render(request, "staff/templates/index.html", {"channels": channels})


def _titled(slot: Slot, of_slot: dict[tuple[Slot, bool], MessageTemplate]) -> dict[str, Any]:
    approved, open_one = of_slot.get((slot, True)), of_slot.get((slot, False))
    return {"slot": slot, "purpose": _purpose(slot), "approved": approved, "open": open_one}


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def place(request: StaffRequest, place: str) -> HttpResponse:
    """One text: as it is in force, and its versions."""
    slot = _slot(place)
    words = in_force()[slot]
    versions = versions_of(slot)
    context = {
        **_shown(request, words),
        "versions": versions,
        "open": next((one for one in versions if one.status in _UNDER_WAY), None),
        "people": names_of([user for one in versions for user in (one.drafted_by, one.approved_by)]),
    }
    return render(request, "staff/templates/place.html", context)


@require_POST
@requires(Permission.EDIT_TEMPLATE)
def draft(request: StaffRequest, place: str) -> HttpResponse:
    """Begin a new version, with the text in force or, to go back, with that of ``version``."""
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
    try:
        made = draft_template(slot=_slot(place), version=version, actor=request.actor, now=timezone.now())
    except TemplateRefused as refused:
        messages.error(request, str(refused))
        return redirect("template-place", place)
    return redirect("template", made.pk)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def template(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """One version: its text, what the linter says, how it looks, what differs from the one in force."""
    return _template(request, _find(template_id))


@require_POST
@requires(Permission.EDIT_TEMPLATE)
def write(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """Keep a draft; what is wrong with it is said on its page."""
    found = _find(template_id)
    form = WordsForm(found.channel, request.POST)
    if not form.is_valid():
        return _template(request, found, form)
    subject, body = form.cleaned_data.get("subject", ""), form.cleaned_data["body"]

    def step(**arguments: Any) -> None:
        write_template(subject=subject, body=body, **arguments)

    return _step(request, found, step, _("The draft is kept."))


@require_POST
@requires(Permission.EDIT_TEMPLATE)
def submit(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """Ask a second person."""
    return _step(request, _find(template_id), submit_template, _("The text waits for approval."))


@require_POST
@requires(Permission.APPROVE_TEMPLATE)
@requires_recent_sign_in(lambda template_id: reverse("template", args=[template_id]))
def approve(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """Put it in force, as the page showed it."""

    def step(**arguments: Any) -> None:
        approve_template(seen_hash=request.POST.get("seen_hash", ""), **arguments)

    return _step(request, _find(template_id), step, _("The text is in force. Notices queued from now on say it."))


@require_POST
@requires(Permission.APPROVE_TEMPLATE)
def give_back(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """Return it with a reason."""
    found, form = _find(template_id), ReturnForm(request.POST)
    if not form.is_valid():
        return _template(request, found, form)

    def step(**arguments: Any) -> None:
        return_template(reason=form.cleaned_data["reason"], **arguments)

    return _step(request, found, step, _("The text went back to its author."))


@require_POST
@requires(Permission.EDIT_TEMPLATE)
def discard(request: StaffRequest, template_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    return _step(request, _find(template_id), discard_template, _("The draft was thrown away."))


def _step(request: StaffRequest, found: MessageTemplate, step: Callable[..., None], success: str) -> HttpResponse:
    """One act on a version; a refusal shows it as it is now, and why."""
    try:
        step(template=found, actor=request.actor, now=timezone.now())
    except TemplateRefused as refusal:
        return _template(request, _find(found.pk), refusal=str(refusal))
    messages.success(request, success)
    if found.status == Status.RETIRED:
        return redirect("template-place", slot_of(found).name)
    return redirect("template", found.pk)


def _template(
    request: StaffRequest, found: MessageTemplate, form: StaffForm | None = None, *, refusal: str = ""
) -> HttpResponse:
    words = words_of(found)
    old = in_force()[words.slot]
    values = values_of(sample_wording(words.slot, request.tenant, timezone.localdate()), words.slot.language)
    context = {
        **_shown(request, words),
        "template": found,
        "old_version": old.version,
        "pieces": difference(old, words) if old.version != words.version else [],
        "words_form": form if isinstance(form, WordsForm) else _words_form(found),
        "return_form": form if isinstance(form, ReturnForm) else ReturnForm(),
        "form": form,
        "refusal": refusal,
        "digest": words.digest,
        "variables": [(name, values[key]) for name, key in VARIABLES.items()],
        "people": names_of([found.drafted_by, found.submitted_by, found.approved_by]),
        "is_own": request.membership.did(
            (found.drafted_by, found.drafted_person), (found.submitted_by, found.submitted_person)
        ),
    }
    status = 422 if refusal or (form is not None and form.errors) else 200
    return render(request, "staff/templates/template.html", context, status=status)


def _words_form(found: MessageTemplate) -> WordsForm:
    return WordsForm(found.channel, initial={"subject": found.subject, "body": found.body})


def _shown(request: StaffRequest, words: Words) -> dict[str, Any]:
    """A text as the pages show it."""
    wording = sample_wording(words.slot, request.tenant, timezone.localdate())
    remarks = remarks_on(words, wording)
    return {
        "slot": words.slot,
        "purpose": _purpose(words.slot),
        "channel": ChannelKind(words.slot.channel).label,
        "words": words,
        "sample": sample_of(words, wording, accounts_by_channel()),
        "remarks": in_words(remarks),
        "has_errors": has_errors(remarks),
        "tests": tests_of(request, words),
    }


def _purpose(slot: Slot) -> str:
    return str(Notice.Purpose(slot.purpose).label)


def _slot(place: str) -> Slot:
    if place not in SLOTS:
        raise Http404
    return SLOTS[place]


def _find(template_id: UUID) -> MessageTemplate:
    found: MessageTemplate = get_object_or_404(MessageTemplate.objects.all(), pk=template_id)
    return found
