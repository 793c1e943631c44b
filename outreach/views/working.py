"""The lists of calls and visits, one task with its script, and what is entered about it."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from outreach import script
from outreach.forms import AssignForm, AssignManyForm, IdentityForm, TryForm
from outreach.identity import Verdict, check_identity, is_proved
from outreach.listing import LIST_NAMES, NAME
from outreach.loads import choices_for
from outreach.models import OutreachKind, OutreachTask
from outreach.presenting import is_done_by, is_locked, person_of, rows_of
from outreach.recounting import visit_of
from outreach.selectors import LISTS, task_counts, task_page, task_with_customer, tries_of, visits_of, workers
from outreach.services import (
    OutreachRefused,
    cancel_task,
    record_try,
    take_task,
)
from questionnaires.models import Response
from questionnaires.selectors import response_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires


def find(task_id: UUID) -> OutreachTask:
    """The task; to whoever does not see it, it is not there."""
    try:
        return task_with_customer(task_id)
    except OutreachTask.DoesNotExist:
        raise Http404 from None


@require_GET
@requires(Permission.VIEW_TASKS)
def index(request: StaffRequest) -> HttpResponse:
    """The tasks of one list, the earliest due first."""
    today = timezone.localdate()
    counts = task_counts(user_id=request.user.pk, today=today)
    first = "own" if may(request, Permission.WORK_OUTREACH) else "open"
    which = request.GET.get("list", "")
    which = which if which in LISTS else first
    kind = request.GET.get("kind", "")
    kind = kind if kind in OutreachKind.values else ""
    cursor = request.GET.get("after") or request.GET.get("before")
    branch_code, person = request.GET.get("branch", "")[:8], request.GET.get("person", "")
    assignee = int(person) if person.isdecimal() and len(person) < 10 else None
    page = task_page(
        which=which,
        user_id=request.user.pk,
        today=today,
        kind=kind,
        branch_code=branch_code,
        assignee=assignee,
        cursor=cursor,
    )
    gives_out = may(request, Permission.ASSIGN_OUTREACH) and which != "closed" and bool(page.items)
    context = {
        "page": page,
        "rows": rows_of(page.items, masked=not may(request, Permission.VIEW_PERSONAL_DATA), today=today),
        "people": names_of([assignee, *(task.assignee for task in page.items)]),
        "assignee": assignee,
        "assign_form": AssignManyForm(workers(now=timezone.now())) if gives_out else None,
        "which": which,
        "kind": kind,
        "branch_code": branch_code,
        "kinds": OutreachKind.choices,
        "lists": [(code, words, counts.get(code)) for code, words in LIST_NAMES.items()],
        "export": _export(which, kind=kind, branch=branch_code, person=assignee or request.user.pk * (which == "own")),
    }
    return render(request, "staff/outreach/list.html", context)


def _export(which: str, **narrowed: str | int) -> str:
    """Where the list is exported."""
    asked = {"list": NAME, "tasks": which, **{key: value for key, value in narrowed.items() if value}}
    return f"{reverse('export-new')}?{urlencode(asked)}"


@require_GET
@requires(Permission.VIEW_TASKS)
def detail(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """One task. Whoever works on it sees whom to call, and that is recorded; of a sensitive customer only after
    somebody named the matter on the customer's page."""
    return task_page_of(request, find(task_id))


@require_POST
@requires(Permission.WORK_OUTREACH)
def take(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Take a task that nobody has."""
    task = find(task_id)
    try:
        take_task(task=task, actor=request.actor, now=timezone.now())
    except OutreachRefused as refusal:
        return task_page_of(request, find(task_id), refusal=str(refusal))
    return redirect("outreach-task", task_id)


@require_POST
@requires(Permission.ASSIGN_OUTREACH)
def cancel(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """The call or visit is not needed."""
    try:
        cancel_task(task=find(task_id), actor=request.actor, now=timezone.now())
    except OutreachRefused as refusal:
        return task_page_of(request, find(task_id), refusal=str(refusal))
    messages.success(request, _("The task is cancelled."))
    return redirect("outreach-task", task_id)


@require_POST
@requires(Permission.WORK_OUTREACH)
def tell(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """What came of the call or visit."""
    task = find(task_id)
    form = _try_form(task, request.POST)
    if not form.is_valid():
        return task_page_of(request, task, try_form=form)
    try:
        record_try(task=task, actor=request.actor, now=timezone.now(), **form.cleaned_data)
    except OutreachRefused as refusal:
        return task_page_of(request, find(task_id), try_form=form, refusal=str(refusal))
    messages.success(request, _("It is noted."))
    return redirect("outreach-task", task_id)


@require_POST
@requires(Permission.WORK_OUTREACH)
def identity(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Compare what the person says with the file. What was typed is kept nowhere, not even in the form."""
    task = find(task_id)
    form = IdentityForm(task.customer.kind, request.POST)
    if not form.is_valid():
        return task_page_of(request, task, identity_form=form)
    try:
        verdict = check_identity(task_id=task.pk, said=form.said, actor=request.actor, now=timezone.now())
    except OutreachRefused as refusal:
        return task_page_of(request, find(task_id), refusal=str(refusal))
    if verdict.is_match:
        return redirect("outreach-task", task_id)
    return task_page_of(request, find(task_id), verdict=verdict)


def task_page_of(
    request: StaffRequest,
    task: OutreachTask,
    *,
    try_form: TryForm | None = None,
    identity_form: IdentityForm | None = None,
    assign_form: AssignForm | None = None,
    verdict: Verdict | None = None,
    refusal: str = "",
) -> HttpResponse:
    """The page of one task, with what was wrong with what was just entered."""
    now = timezone.now()
    is_mine = is_done_by(task, request.user.pk)
    bound: StaffForm | None = try_form or identity_form or assign_form
    tries = tries_of(task)
    people = names_of([task.assignee, *(one.tried_by for one in tries)])
    response = response_of(task.reference) if task.reference else None
    shows = _shows_person(request, task)
    context = {
        "task": task,
        "person": person_of(task.customer, masked=not shows),
        "shows_person": shows,
        "is_mine": is_mine,
        "is_overdue": task.is_open and task.due_on < timezone.localdate(),
        "is_proved": is_proved(task, request.user.pk, now),
        "is_locked": is_locked(task, now),
        "verdict": verdict,
        "can_answer": response is not None and response.status in (Response.Status.OPEN, Response.Status.STARTED),
        "response": response,
        "tries": tries,
        "visits": [visit_of(record) for record in visits_of(task)] if shows else [],
        "people": people,
        "opening": script.opening(request.tenant, is_visit=task.kind == OutreachKind.VISIT),
        "explanation": script.explanation(request.tenant),
        "questions": script.questions(request.tenant),
        "is_question": task.is_question,
        "try_form": try_form or _try_form(task),
        "identity_form": identity_form or IdentityForm(task.customer.kind),
        "assign_form": assign_form or _assign_form(request, task),
        "form": bound,
        "refusal": refusal,
    }
    is_wrong = bound is not None or refusal or verdict is not None
    return render(request, "staff/outreach/task.html", context, status=422 if is_wrong else 200)


def _assign_form(request: StaffRequest, task: OutreachTask) -> AssignForm | None:
    if not (task.is_open and may(request, Permission.ASSIGN_OUTREACH)):
        return None
    return AssignForm(choices_for(task, now=timezone.now()), initial={"assignee": task.assignee or ""})


def _try_form(task: OutreachTask, *data: QueryDict) -> TryForm:
    return TryForm(task.kind, *data, is_question=task.is_question)


def _shows_person(request: StaffRequest, task: OutreachTask) -> bool:
    """To whoever works on it, and to who has named a reason on the customer's page within ten minutes.

    A contractor sees whom to reach while the task is theirs and open, and nothing before or after.
    """
    now, customer = timezone.now(), task.customer
    allowed = may(request, Permission.VIEW_PERSONAL_DATA)
    if allowed and shown_until(request.session, customer.pk, now) is not None:
        return True
    if is_sensitive(customer) or not is_done_by(task, request.user.pk) or not may(request, Permission.WORK_OUTREACH):
        return False
    reveal(request.session, customer=customer, reason=ViewReason.CONTACT, actor=request.actor, now=now)
    return True
