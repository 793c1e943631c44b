"""The pages of pick-ups: the sources and their journals, setting them up, and the second person's approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.fixed_layouts.selectors import layouts
from integrations.pickups import wording
from integrations.pickups.forms import AgainForm, SourceForm
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.selectors import journal_page, sources, undecided_by_source
from integrations.pickups.services import (
    PickupRefused,
    approve_source,
    look_now,
    pause_source,
    renew_key,
    resume_source,
    save_source,
    take_again,
    version_of,
)
from integrations.pickups.sftp import fingerprint_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires


@require_GET
@requires(Permission.VIEW_IMPORTS)
def index(request: StaffRequest) -> HttpResponse:
    """Every source: when it was looked at, when it will be, and what is wrong."""
    waiting = undecided_by_source()
    rows = [(source, wording.trouble_of(source), waiting.get(source.pk, 0)) for source in sources()]
    return render(request, "staff/pickups/index.html", {"rows": rows})


@require_GET
@requires(Permission.VIEW_IMPORTS)
def detail(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """One source: its settings, what is wrong, and the journal of its files."""
    return _detail(request, _find(pickup_source_id))


def _detail(request: StaffRequest, source: PickupSource, refusal: str = "") -> HttpResponse:
    page = journal_page(source, cursor=request.GET.get("after") or request.GET.get("before"))
    people = names_of([source.proposed_by, source.approved_by, *(file.asked_by for file in page.items)])
    newest = {bytes(file.name_index): file.pk for file in sorted(page.items, key=lambda file: file.pk)}.values()
    is_own = request.membership.did((source.proposed_by, source.proposed_person))
    context = {
        "source": source,
        "trouble": wording.trouble_of(source),
        "page": page,
        "rows": [
            (file, wording.note_of(file), wording.again_of(file, people), file.pk in newest and file.may_come_again)
            for file in page.items
        ],
        "people": people,
        "expected_days": wording.expected_days(source),
        "is_own": is_own,
        "version": version_of(source),
        "fingerprint": fingerprint_of(source.host_key) if source.host_key else "",
        "root": f"{settings.PICKUP_ROOT}/{request.tenant.slug}" if settings.PICKUP_ROOT else "",
        "refusal": refusal,
    }
    return render(request, "staff/pickups/detail.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def new(request: StaffRequest) -> HttpResponse:
    """Set up a source."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def edit(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Change a source."""
    return _edit(request, _find(pickup_source_id))


def _edit(request: StaffRequest, source: PickupSource | None) -> HttpResponse:
    given = (request.POST,) if request.method == "POST" else ()
    form = SourceForm(*given, initial=SourceForm.initial_of(source), layouts=list(layouts()))
    if given and form.is_valid():
        try:
            kept = save_source(source=source, values=form.values, actor=request.actor, now=timezone.now())
        except PickupRefused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, _("The pick-up is set up. It is looked at within a minute."))
            return redirect("import-pickup", kept.pk)
    context = {"form": form, "source": source, "has_root": bool(settings.PICKUP_ROOT)}
    return render(request, "staff/pickups/edit.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def approve(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Let its files be taken in without a person."""
    seen = request.POST.get("seen", "")
    done = _("Approved. From now on files below the limits are taken in by themselves.")
    return _act(request, pickup_source_id, approve_source, done, seen=seen)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def pause(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Look at the place no more."""
    return _act(request, pickup_source_id, pause_source, _("The pick-up is paused."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def resume(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Look at the place again."""
    return _act(request, pickup_source_id, resume_source, _("The pick-up is resumed. It is looked at within a minute."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def new_key(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Make a new key of ours."""
    done = _("A new key is made. Give its public half to whoever runs the server.")
    return _act(request, pickup_source_id, renew_key, done)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def look(request: StaffRequest, pickup_source_id: UUID) -> HttpResponse:
    """Have the place looked at now."""
    return _act(request, pickup_source_id, look_now, _("It is looked at within a minute. Reload the page then."))


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_CUSTOMERS)
def again(request: StaffRequest, picked_file_id: UUID) -> HttpResponse:
    """Have a file fetched once more that is dealt with already, for a reason."""
    file = get_object_or_404(PickedFile.objects.select_related("source", "customer_import"), pk=picked_file_id)
    form = AgainForm(*((request.POST,) if request.method == "POST" else ()))
    if form.is_valid():
        try:
            take_again(file=file, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
        except PickupRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("It is fetched within a minute or two. A person looks at its trial then."))
            return redirect("import-pickup", file.source_id)
    context = {"form": form, "file": file, "source": file.source, "note": wording.note_of(file)}
    return render(request, "staff/pickups/again.html", context, status=422 if form.errors else 200)


def _act(request: StaffRequest, source_id: UUID, act: Callable[..., None], done: str, **said: Any) -> HttpResponse:
    source = _find(source_id)
    try:
        act(source=source, actor=request.actor, now=timezone.now(), **said)
    except PickupRefused as refused:
        return _detail(request, _find(source_id), str(refused))
    messages.success(request, done)
    return redirect("import-pickup", source_id)


def _find(source_id: UUID) -> PickupSource:
    found: PickupSource = get_object_or_404(PickupSource.objects.select_related("layout"), pk=source_id)
    return found
