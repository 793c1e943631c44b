"""The lists of inquiries, one with its thread, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from customers.presenting import name_shown
from customers.selectors import facts_of, facts_of_each
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from outreach.inquiries import ready
from outreach.inquiries.forms import AnswerForm, AssigneeForm
from outreach.inquiries.models import Inquiry
from outreach.inquiries.selectors import LISTS, Narrowed, find_inquiry, inquiry_counts, inquiry_page, messages_of
from outreach.inquiries.services import (
    InquiryRefused,
    answer_inquiry,
    assign_inquiry,
    close_inquiry,
    reopen_inquiry,
)
from outreach.inquiries.telling import Told
from outreach.inquiries.wording import TITLES
from outreach.models import OutreachTask
from outreach.selectors import workers
from outreach.tellers import written
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires

LIST_NAMES: dict[str, Promise | str] = {
    "own": gettext_lazy("My inquiries"),
    "unassigned": gettext_lazy("Nobody has them"),
    "open": gettext_lazy("All to be answered"),
    "overdue": gettext_lazy("Overdue"),
    "answered": gettext_lazy("Answered, may come back"),
    "closed": gettext_lazy("Closed"),
}


@require_GET
@requires(Permission.VIEW_TASKS)
def index(request: StaffRequest) -> HttpResponse:
    """The inquiries of one list, narrowed by topic, branch, person or number."""
    today = timezone.localdate()
    which = request.GET.get("list", "")
    which = which if which in LISTS else "open"
    topic, person = request.GET.get("topic", ""), request.GET.get("person", "")
    narrowed = Narrowed(
        topic=topic if topic in Inquiry.Topic.values else "",
        branch=request.GET.get("branch", "")[:8],
        number=request.GET.get("number", "").strip()[:40],
        assignee=int(person) if person.isdecimal() and len(person) < 10 else None,
    )
    cursor = request.GET.get("after") or request.GET.get("before")
    page = inquiry_page(which=which, user_id=request.user.pk, today=today, narrowed=narrowed, cursor=cursor)
    counts = inquiry_counts(user_id=request.user.pk, today=today)
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    facts = facts_of_each(one.customer for one in page.items)
    rows = [
        {
            "inquiry": one,
            "number": written(one.number),
            "name": name_shown(one.customer, facts[one.customer_id], masked=masked),
            "is_overdue": one.status == Inquiry.Status.OPEN and one.due_on < today,
        }
        for one in page.items
    ]
    context = {
        "page": page,
        "rows": rows,
        "people": names_of([narrowed.assignee, *(one.assignee for one in page.items)]),
        "which": which,
        "narrowed": narrowed,
        "topics": Inquiry.Topic.choices,
        "lists": [(code, words, counts.get(code)) for code, words in LIST_NAMES.items()],
    }
    return render(request, "staff/inquiries/list.html", context)


@require_GET
@requires(Permission.VIEW_TASKS)
def detail(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """One inquiry. What was written is shown to whoever may answer it, and that is recorded."""
    found = _find(inquiry_id)
    text = ready.text_of(request.GET.get("ready", ""), tenant=request.tenant, language=found.language)
    return _page(request, found, answer_form=AnswerForm(text=text))


@require_POST
@requires(Permission.WORK_OUTREACH)
def answer(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """Write to the customer; they are told by their channel that there is something to read."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, _find(inquiry_id), answer_form=form)
    said = {
        Told.MESSAGE: _("The answer is there to read, and the customer is told so by message."),
        Told.CALL: _("The answer is there to read. No message reaches the customer: a call is to be made."),
        Told.NOT_AT_ALL: _("The answer is there to read. A flag keeps everybody from telling the customer."),
        Told.ALREADY: _("The answer is there to read."),
    }

    def step(**arguments: Any) -> str:
        return said[answer_inquiry(**arguments, **form.cleaned_data)]

    return _step(request, inquiry_id, step, form)


@require_POST
@requires(Permission.WORK_OUTREACH)
def take(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """Take an inquiry that nobody has."""

    def step(inquiry: Inquiry, **arguments: Any) -> str:
        if inquiry.assignee not in (None, request.user.pk):
            raise InquiryRefused(_("A colleague has this inquiry. Have it assigned to you first."))
        assign_inquiry(inquiry=inquiry, assignee=request.user.pk, **arguments)
        return _("The inquiry is yours.")

    return _step(request, inquiry_id, step)


@require_POST
@requires(Permission.ASSIGN_OUTREACH)
def assign(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """Give it to somebody, or back to everybody."""
    form = AssigneeForm(workers(now=timezone.now()), request.POST)
    if not form.is_valid():
        return _page(request, _find(inquiry_id), refusal=_("Choose somebody from the list."))

    def step(**arguments: Any) -> str:
        assign_inquiry(assignee=form.cleaned_data["assignee"], **arguments)
        return _("It is noted.")

    return _step(request, inquiry_id, step)


@require_POST
@requires(Permission.WORK_OUTREACH)
def close(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """Nothing more is to be done."""

    def step(**arguments: Any) -> str:
        close_inquiry(**arguments)
        return _("The inquiry is closed. If the customer writes again, it opens by itself.")

    return _step(request, inquiry_id, step)


@require_POST
@requires(Permission.WORK_OUTREACH)
def reopen(request: StaffRequest, inquiry_id: UUID) -> HttpResponse:
    """Something is to be done after all."""

    def step(**arguments: Any) -> str:
        reopen_inquiry(**arguments)
        return _("The inquiry is open again.")

    return _step(request, inquiry_id, step)


def _step(
    request: StaffRequest, inquiry_id: UUID, step: Callable[..., str], form: AnswerForm | None = None
) -> HttpResponse:
    try:
        said = step(inquiry=_find(inquiry_id), actor=request.actor, now=timezone.now())
    except InquiryRefused as refusal:
        return _page(request, _find(inquiry_id), answer_form=form, refusal=str(refusal))
    messages.success(request, said)
    return redirect("inquiry", inquiry_id)


def _page(
    request: StaffRequest, inquiry: Inquiry, *, answer_form: AnswerForm | None = None, refusal: str = ""
) -> HttpResponse:
    shows = _shows(request, inquiry)
    said = messages_of(inquiry) if shows else []
    assigns = may(request, Permission.ASSIGN_OUTREACH)
    form = answer_form if answer_form and answer_form.is_bound else None
    calls = OutreachTask.objects.filter(customer=inquiry.customer, requests__isnull=False).distinct()
    context = {
        "inquiry": inquiry,
        "number": written(inquiry.number),
        "name": name_shown(inquiry.customer, facts_of(inquiry.customer), masked=not shows),
        "shows": shows,
        "is_mine": inquiry.assignee in (None, request.user.pk) and may(request, Permission.WORK_OUTREACH),
        "is_overdue": inquiry.status == Inquiry.Status.OPEN and inquiry.due_on < timezone.localdate(),
        "thread": said,
        "calls": list(calls.order_by("-due_on")[:5]),
        "ready": TITLES.items(),
        "people": names_of([inquiry.assignee, *(one.written_by for one in said)]),
        "answer_form": answer_form or AnswerForm(),
        "assign_form": AssigneeForm(workers(now=timezone.now()), initial={"assignee": inquiry.assignee or ""})
        if assigns
        else None,
        "form": form,
        "refusal": refusal,
    }
    return render(request, "staff/inquiries/inquiry.html", context, status=422 if form or refusal else 200)


def _shows(request: StaffRequest, inquiry: Inquiry) -> bool:
    """To whoever is to answer it or sees personal data; of a closely watched customer only with a matter named."""
    now, customer = timezone.now(), inquiry.customer
    sees = may(request, Permission.VIEW_PERSONAL_DATA)
    if sees and shown_until(request.session, customer.pk, now) is not None:
        return True
    is_own = inquiry.assignee == request.user.pk and may(request, Permission.WORK_OUTREACH)
    if is_sensitive(customer) or not (sees or is_own) or (inquiry.status == Inquiry.Status.CLOSED and not sees):
        return False
    reveal(request.session, customer=customer, reason=ViewReason.INQUIRY, actor=request.actor, now=now)
    return True


def _find(inquiry_id: UUID) -> Inquiry:
    try:
        return find_inquiry(inquiry_id)
    except Inquiry.DoesNotExist:
        raise Http404 from None
