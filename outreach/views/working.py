"""The lists of calls and visits, one task with its script, and what is entered about it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.models import Customer
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from outreach import script
from outreach.forms import AssignForm, CapacityForm, IdentityForm, KindForm, TryForm
from outreach.identity import Verdict, check_identity, is_proved
from outreach.models import DailyCapacity, OutreachKind, OutreachTask
from outreach.presenting import is_locked, may_see, person_of, rows_of
from outreach.recounting import visit_of
from outreach.selectors import LISTS, task_counts, task_page, task_with_customer, tries_of, visits_of, workers
from outreach.services import (
    OutreachRefused,
    assign_task,
    cancel_task,
    make_task,
    record_try,
    set_capacity,
    take_task,
)
from outreach.spreading import DEFAULT_CAPACITY
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
    branch_code = request.GET.get("branch", "")[:8]
    page = task_page(
        which=which, user_id=request.user.pk, today=today, kind=kind, branch_code=branch_code, cursor=cursor
    )
    context = {
        "page": page,
        "rows": rows_of(page.items, masked=not may(request, Permission.VIEW_PERSONAL_DATA), today=today),
        "people": names_of(task.assignee for task in page.items),
        "which": which,
        "kind": kind,
        "branch_code": branch_code,
        "kinds": OutreachKind.choices,
        "lists": [(code, words, counts.get(code)) for code, words in _list_names().items()],
    }
    return render(request, "staff/outreach/list.html", context)


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
def assign(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Give the task to somebody, or back to everybody."""
    task = find(task_id)
    form = AssignForm(workers(now=timezone.now()), request.POST)
    if not form.is_valid():
        return task_page_of(request, task, assign_form=form)
    try:
        assign_task(task=task, assignee=form.cleaned_data["assignee"], actor=request.actor, now=timezone.now())
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
    form = TryForm(task.kind, request.POST)
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


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_OUTREACH)
def new(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """A call or visit that somebody finds necessary."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    form = KindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            task = make_task(customer=customer, kind=form.cleaned_data["kind"], actor=request.actor, now=timezone.now())
        except OutreachRefused as refusal:
            form.add_error("kind", str(refusal))
        else:
            return redirect("outreach-task", task.pk)
    context = {"form": form, "customer": customer}
    return render(request, "staff/outreach/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSIGN_OUTREACH)
def capacity(request: StaffRequest) -> HttpResponse:
    """How many calls and visits a branch makes in a day."""
    form = CapacityForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        set_capacity(**form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("New tasks are spread by this number."))
        return redirect("outreach-capacity")
    context = {
        "form": form,
        "rows": DailyCapacity.objects.order_by("kind", "branch_code"),
        "defaults": [(OutreachKind(kind).label, number) for kind, number in DEFAULT_CAPACITY.items()],
    }
    return render(request, "staff/outreach/capacity.html", context, status=422 if form.errors else 200)


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
    is_mine = task.status == OutreachTask.Status.ASSIGNED and task.assignee == request.user.pk
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
        "try_form": try_form or TryForm(task.kind),
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
    return AssignForm(workers(now=timezone.now()), initial={"assignee": task.assignee or ""})


def _shows_person(request: StaffRequest, task: OutreachTask) -> bool:
    """To whoever works on it, and to who has named a reason on the customer's page within ten minutes."""
    allowed = may(request, Permission.VIEW_PERSONAL_DATA)
    now, customer = timezone.now(), task.customer
    if allowed and shown_until(request.session, customer.pk, now) is not None:
        return True
    if is_sensitive(customer) or not may_see(task, user_id=request.user.pk, may_see_personal_data=allowed):
        return False
    reveal(request.session, customer=customer, reason=ViewReason.CONTACT, actor=request.actor, now=now)
    return True


def _list_names() -> dict[str, str]:
    return {
        "own": _("My tasks"),
        "unassigned": _("To be assigned"),
        "open": _("All open"),
        "overdue": _("Overdue"),
        "closed": _("Closed"),
    }
