"""The record of a visit on a telephone: four small pages without script, each saved as it is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from customers.viewing import is_sensitive, shown_until
from outreach.forms import TryForm
from outreach.models import OutreachKind, OutreachTask, VisitRecord
from outreach.presenting import is_done_by
from outreach.services import OutreachRefused
from outreach.views.working import find
from outreach.visit_forms import HouseForm, PhotoForm, PlaceForm
from outreach.visits import STEPS, add_photo, draft_of, finish_visit, photo_of, photos_of, save_step
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires, takes_body_of
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def visit(request: StaffRequest, task_id: UUID, step: str) -> HttpResponse:
    """One step. Sent again because no answer came, it changes nothing."""
    task = find(task_id)
    if task.kind != OutreachKind.VISIT or not is_done_by(task, request.user.pk):
        return redirect("outreach-task", task_id)
    if step not in STEPS:
        return redirect("outreach-visit", task_id, STEPS[0])
    draft = draft_of(task)
    if draft is None and step != STEPS[0]:  # closed: it was sent again because no answer had come
        return redirect("outreach-task", task_id)
    form = _form(request, task, step, draft)
    if form.is_bound and form.is_valid():
        try:
            _save(request, task, step, form)
        except (OutreachRefused, UploadRefused) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _gone_to(request, _onwards(request, task, step))
    return _step_page(request, task, step, form)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def photo(request: StaffRequest, task_id: UUID, upload_id: UUID) -> HttpResponse:
    """One photograph; seeing it is on record."""
    task = find(task_id)
    try:
        upload = photo_of(task, upload_id)
    except Upload.DoesNotExist:
        raise Http404 from None
    now = timezone.now()
    if is_sensitive(task.customer) and shown_until(request.session, task.customer_id, now) is None:
        raise PermissionDenied
    return serve_upload(upload, actor=request.actor, now=now)


def _form(request: StaffRequest, task: OutreachTask, step: str, draft: VisitRecord | None) -> StaffForm:
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    initial: dict[str, Any] = dict(draft.details) if draft else {}
    if step == "place":
        return PlaceForm(*data[:1], initial=initial)
    if step == "house":
        return HouseForm(*data[:1], initial=initial)
    if step == "photo":
        return PhotoForm(*data)
    return TryForm(task.kind, *data[:1], is_question=task.is_question, initial={"token": draft.pk if draft else None})


def _save(request: StaffRequest, task: OutreachTask, step: str, form: StaffForm) -> None:
    now, said = timezone.now(), form.cleaned_data
    if step == "end":
        finish_visit(task=task, actor=request.actor, now=now, **said)
    elif step != "photo":
        save_step(task=task, values=said, actor=request.actor, now=now)
    elif said["file"]:
        add_photo(task=task, file=said["file"], name=said["file"].name, actor=request.actor, now=now)


def _onwards(request: StaffRequest, task: OutreachTask, step: str) -> HttpResponseRedirect:
    if step == "end":
        messages.success(request, _("The visit is noted."))
        return redirect("outreach-task", task.pk)
    if step == "photo" and request.FILES:
        return redirect("outreach-visit", task.pk, "photo")
    return redirect("outreach-visit", task.pk, STEPS[STEPS.index(step) + 1])


def _gone_to(request: StaffRequest, way: HttpResponseRedirect) -> HttpResponse:
    """The page's script goes there itself, for only then it may let go of what was typed."""
    return HttpResponse(status=204, headers={"X-Next": way.url}) if "X-Step" in request.headers else way


def _step_page(request: StaffRequest, task: OutreachTask, step: str, form: StaffForm) -> HttpResponse:
    draft = draft_of(task)
    context = {
        "task": task,
        "step": step,
        "number": STEPS.index(step) + 1,
        "total": len(STEPS),
        "previous": STEPS[STEPS.index(step) - 1] if step != STEPS[0] else "",
        "form": form,
        "draft": draft,
        "photos": photos_of(draft) if step == "photo" else [],
        "is_scanned": settings.UPLOAD_SCAN == "required",
        "may_see": may(request, Permission.VIEW_PERSONAL_DATA),
    }
    response = render(request, "staff/outreach/visit.html", context, status=422 if form.errors else 200)
    if step == "place":
        response.features = ("geolocation",)  # type: ignore[attr-defined]  # cdd.protection reads it
    return response
