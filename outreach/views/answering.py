"""The customer's questions, filled in by a member of staff: the portal's own pages of questions in staff clothes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from outreach.behalf import begin_answers, save_answers, sitting_of, submit_answers, take_files
from outreach.identity import is_proved
from outreach.models import OutreachTask
from outreach.services import OutreachRefused
from outreach.views.working import find
from questionnaires import routing, schema
from questionnaires.addressing import filled_in
from questionnaires.answering import Errors, validate
from questionnaires.files.posting import Posted, asks_for_files, nothing_chosen
from questionnaires.files.selectors import files_of, handed_in
from questionnaires.models import Response
from questionnaires.presenting import Writer
from questionnaires.services import Incomplete, OffRoute, ResponseClosed
from questionnaires.sittings import Sitting
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires, takes_body_of

_SESSION = "typed_on_behalf"


@require_POST
@requires(Permission.WORK_OUTREACH)
def begin(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Start, or go on, taking the answers."""
    task = find(task_id)
    try:
        begin_answers(task=task, actor=request.actor, now=timezone.now())
    except OutreachRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("outreach-task", task_id)
    sitting = _sitting(request, task)
    return _onwards(task, sitting) if sitting else redirect("outreach-task", task_id)


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # for the scans of papers
@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def question(request: StaffRequest, task_id: UUID, page: str) -> HttpResponse:
    """One page of the questionnaire."""
    task = find(task_id)
    sitting = _sitting(request, task)
    if sitting is None or sitting.response.status != Response.Status.STARTED:
        return redirect("outreach-task", task_id)
    asked = sitting.questionnaire.page(page)
    if asked is None or not routing.may_visit(sitting.questionnaire, sitting.response.answers, page):
        return _onwards(task, sitting)
    if request.method != "POST":
        return _show_question(request, task, sitting, asked)
    action, known = request.POST.get("action"), sitting.known(asked)
    try:
        posted = _take_files(request, task, sitting, asked)
    except (OutreachRefused, ResponseClosed, OffRoute) as refusal:
        return _refused(request, task, refusal)
    if posted.errors or posted.is_removed or action == "attach":
        errors = posted.errors or nothing_chosen(asked, posted)
        return _show_question(request, task, sitting, asked, errors=errors, posted=posted)
    if action in ("add", "fill"):
        more = int(action == "add")
        return _show_question(
            request, task, sitting, asked, extra_people=more, is_filled=action == "fill", posted=posted
        )
    is_confirmed = action == "unchanged" and bool(known)
    if is_confirmed:
        answers: dict[str, object] = {field: known.get(field) for field in asked.fields}
    else:
        answers, errors = validate(
            asked,
            request.POST.dict(),
            today=timezone.localdate(),
            known=sitting.held(asked),
            before=sitting.response.answers,
            files=handed_in(posted.files),
        )
        if errors:
            return _show_question(request, task, sitting, asked, errors=errors, posted=posted)
    try:
        saved = save_answers(
            task=task,
            response=sitting.response,
            page_id=page,
            answers=answers,
            is_confirmed=is_confirmed,
            changed=sitting.changed(asked, answers),
            actor=request.actor,
            now=timezone.now(),
        )
    except (OutreachRefused, ResponseClosed, OffRoute) as refusal:
        return _refused(request, task, refusal)
    _remember_typed(request, task, page, is_typed=not is_confirmed)
    waiting = routing.next_page(sitting.questionnaire, saved.answers)
    return redirect("outreach-question", task_id, waiting) if waiting else redirect("outreach-check", task_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def check(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """All answers once more, to be read back to the customer; sending them twice is sending them once."""
    task = find(task_id)
    sitting = _sitting(request, task)
    if sitting is None or (request.method == "GET" and sitting.response.status != Response.Status.STARTED):
        return redirect("outreach-task", task_id)
    if sitting.response.status == Response.Status.STARTED and sitting.next_page:
        return _onwards(task, sitting)
    if request.method == "POST":
        try:
            submit_answers(task=task, response=sitting.response, actor=request.actor, now=timezone.now())
        except (OutreachRefused, ResponseClosed, Incomplete) as refusal:
            return _refused(request, task, refusal)
        messages.success(request, _("The answers are in, and the task is done."))
        return redirect("outreach-task", task_id)
    writer = Writer(sitting, _language(sitting))
    shown = sitting.pages
    context = {
        "task": task,
        "rows": [row for page in shown for row in writer.answers(page)],
        "previous": sitting.route[-1],
    }
    return render(request, "staff/outreach/check.html", context)


def _show_question(
    request: StaffRequest,
    task: OutreachTask,
    sitting: Sitting,
    page: schema.Page,
    *,
    errors: Errors | None = None,
    extra_people: int = 0,
    is_filled: bool = False,
    posted: Posted | None = None,
) -> HttpResponse:
    language = _language(sitting)
    is_posted = request.method == "POST"
    data: dict[str, str] = request.POST.dict() if is_posted else {}
    if is_filled:
        data, errors = filled_in(page, data)
    writer = Writer(sitting, language, errors or {}, names_places=is_filled)
    data = data or writer.typed(page)
    has_files = asks_for_files(page)
    if has_files:
        writer.files = posted.files if posted else files_of(sitting.response)
    route = sitting.route
    place = route.index(page.id)
    context: dict[str, Any] = {
        "task": task,
        "page": page,
        "title": writer.words(page.title),
        "why": writer.words(page.why),
        "fields": writer.fields(page, data, extra_people=extra_people),
        "errors": writer.error_list(page),
        "record": writer.record(page),
        "is_whole": bool(sitting.known(page)),
        "is_open": is_posted or bool(data),
        "has_files": has_files,
        "can_add": any(question.kind is schema.Kind.PEOPLE for question in page.questions),
        "position": place + 1,
        "total": len(sitting.expected(page)),
        "previous": route[place - 1] if place else "",
    }
    return render(request, "staff/outreach/question.html", context, status=422 if errors else 200)


def _take_files(request: StaffRequest, task: OutreachTask, sitting: Sitting, page: schema.Page) -> Posted:
    if not asks_for_files(page):
        return Posted()
    return take_files(
        task=task,
        response=sitting.response,
        page=page,
        data=request.POST,
        files=request.FILES,
        actor=request.actor,
        now=timezone.now(),
    )


def _sitting(request: StaffRequest, task: OutreachTask) -> Sitting | None:
    """What this member is typing: theirs to do, and sure whom they speak to."""
    if not is_proved(task, request.user.pk, timezone.now()):
        return None
    typed = request.session.get(_SESSION, {}).get(str(task.pk), [])
    return sitting_of(task, user_id=request.user.pk, typed=frozenset(typed))


def _remember_typed(request: StaffRequest, task: OutreachTask, page_id: str, *, is_typed: bool) -> None:
    held = set(request.session.get(_SESSION, {}).get(str(task.pk), [])) - {page_id}
    request.session[_SESSION] = {str(task.pk): sorted(held | ({page_id} if is_typed else set()))}


def _onwards(task: OutreachTask, sitting: Sitting) -> HttpResponse:
    if sitting.response.status != Response.Status.STARTED:
        return redirect("outreach-task", task.pk)
    waiting = sitting.next_page
    return redirect("outreach-question", task.pk, waiting) if waiting else redirect("outreach-check", task.pk)


def _refused(request: StaffRequest, task: OutreachTask, refusal: Exception) -> HttpResponse:
    is_ours = isinstance(refusal, OutreachRefused)
    messages.error(request, str(refusal) if is_ours else _("The questions have been answered or withdrawn meanwhile."))
    return redirect("outreach-task", task.pk)


def _language(sitting: Sitting) -> str:
    return sitting.questionnaire.language(get_language() or "ja")
