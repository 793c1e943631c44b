"""Who does which calls and visits: giving tasks out, moving them, what each person has to do, and what a day holds."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from outreach.forms import AssignForm, AssignManyForm, CapacityForm
from outreach.loads import choices_for, loads
from outreach.models import DailyCapacity, OutreachKind
from outreach.selectors import workers
from outreach.services import OutreachRefused, assign_task, assign_tasks, set_capacity
from outreach.spreading import DEFAULT_CAPACITY, OF_A_PERSON
from outreach.views.working import find, task_page_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires


@require_POST
@requires(Permission.ASSIGN_OUTREACH)
def assign(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Give the task to somebody, or back to everybody."""
    task, now = find(task_id), timezone.now()
    form = AssignForm(choices_for(task, now=now), request.POST)
    if not form.is_valid():
        return task_page_of(request, task, assign_form=form)
    try:
        assign_task(task=task, assignee=form.cleaned_data["assignee"], actor=request.actor, now=now)
    except OutreachRefused as refusal:
        return task_page_of(request, find(task_id), refusal=str(refusal))
    return redirect("outreach-task", task_id)


@require_POST
@requires(Permission.ASSIGN_OUTREACH)
def assign_many(request: StaffRequest) -> HttpResponse:
    """Give the tasks that were ticked on the list to one person, and go back to the list as it was."""
    now = timezone.now()
    form = AssignManyForm(workers(now=now), request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    else:
        try:
            count = assign_tasks(
                task_ids=form.task_ids, assignee=form.cleaned_data["assignee"], actor=request.actor, now=now
            )
        except OutreachRefused as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)d task is assigned.", "%(count)d tasks are assigned.", count)
            messages.success(request, words % {"count": count})
    as_filtered = urlencode(parse_qsl(request.POST.get("back", "")))
    return redirect(f"{reverse('outreach')}?{as_filtered}")


@require_GET
@requires(Permission.ASSIGN_OUTREACH)
def workload(request: StaffRequest) -> HttpResponse:
    """What everybody has to do on the next working days, and who has too much."""
    today = timezone.localdate()
    days, rows = loads(now=timezone.now(), today=today)
    return render(request, "staff/outreach/workload.html", {"days": days, "rows": rows})


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSIGN_OUTREACH)
def capacity(request: StaffRequest) -> HttpResponse:
    """How many calls and visits a branch or a person makes in a day."""
    form = CapacityForm(workers(now=timezone.now()), request.POST if request.method == "POST" else None)
    if form.is_valid():
        set_capacity(**form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("New tasks are spread by this number."))
        return redirect("outreach-capacity")
    rows = list(DailyCapacity.objects.order_by("person", "branch_code", "kind"))
    context = {
        "form": form,
        "rows": rows,
        "people": names_of(row.person for row in rows),
        "defaults": [(OutreachKind(kind).label, number) for kind, number in DEFAULT_CAPACITY.items()],
        "of_a_person": [(OutreachKind(kind).label, number) for kind, number in OF_A_PERSON.items()],
    }
    return render(request, "staff/outreach/capacity.html", context, status=422 if form.errors else 200)
