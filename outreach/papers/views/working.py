"""The lists of paper answers, one of them with its pictures, and what may be done with it beside keying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.numbers import written
from customers.presenting import name_shown
from customers.selectors import facts_of, facts_of_each
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from outreach.papers.forms import DiscardForm, LookForm, ReceiveForm, ResumeForm, ReturnForm
from outreach.papers.holding import PaperRefused
from outreach.papers.listing import NAME, differed
from outreach.papers.models import PaperAnswer
from outreach.papers.receiving import add_scan, discard_paper, note_looked, receive_paper
from outreach.papers.selectors import (
    LATE_AFTER,
    LISTS,
    find_paper,
    paper_page,
    policy_in_force,
    scan_of,
    scans_of,
    waiting_in_lists,
)
from outreach.papers.services import begin_check, begin_keying, resume_keying, return_paper
from outreach.papers.showing import answers_beside, marks_in_words
from questionnaires.selectors import response_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload
from uploads.wording import reason_in_words

Status = PaperAnswer.Status


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """What is to be keyed, checked or looked at, the longest waiting first."""
    today, waiting = timezone.localdate(), waiting_in_lists()
    which = request.GET.get("list", "")
    which = which if which in LISTS else "key"
    page = paper_page(which=which, cursor=request.GET.get("after") or request.GET.get("before"))
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    facts = facts_of_each(one.customer for one in page.items)
    rows = [
        {
            "paper": one,
            "number": written(one.number),
            "name": name_shown(one.customer, facts[one.customer_id], masked=masked),
            "age": (today - one.received_on).days,
            "is_late": one.closed_at is None and (today - one.received_on).days > LATE_AFTER,
        }
        for one in page.items
    ]
    context = {
        "page": page,
        "rows": rows,
        "which": which,
        "lists": [(name, words, waiting.get(name)) for name, (words, _where) in LISTS.items()],
        "people": names_of([one.keyer for one in page.items]),
        "export": f"{reverse('export-new')}?{urlencode({'list': NAME, 'papers': which})}",
    }
    return render(request, "staff/papers/list.html", context)


@takes_body_of(lambda: 8 * settings.UPLOAD_MAX_BYTES)  # several pages of one sheet
@require_http_methods(["GET", "POST"])
@requires(Permission.KEY_PAPER)
def receive(request: StaffRequest) -> HttpResponse:
    """Note a sheet that came in by post."""
    form = ReceiveForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial={"received_on": timezone.localdate()},
    )
    other = None
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("number", "received_on", "is_signed", "signed_on")}
        try:
            paper = receive_paper(
                **said,
                scans=form.cleaned_data["scans"],
                actor=request.actor,
                now=timezone.now(),
            )
        except PaperRefused as refused:
            form.add_error(refused.field, str(refused))
            other = refused.paper
        except UploadRefused as refused:
            form.add_error("scans", str(refused))
        else:
            messages.success(request, _("The sheet is noted. Nobody reminds the customer meanwhile."))
            return redirect("paper-answer", paper.pk)
    context = {"form": form, "other": other}
    return render(request, "staff/papers/receive.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def detail(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """One sheet: where it stands, its pictures, and what comes next. That it is looked at is recorded."""
    return page_of(request, find(paper_answer_id))


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def scan(request: StaffRequest, paper_answer_id: UUID, upload_id: UUID) -> HttpResponse:
    """One picture of a sheet; seeing it is on record."""
    paper = find(paper_answer_id)
    try:
        upload = scan_of(paper, upload_id)
    except Upload.DoesNotExist:
        raise Http404 from None
    if not shows(request, paper):
        raise PermissionDenied
    return serve_upload(upload, actor=request.actor, now=timezone.now())


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.KEY_PAPER)
def add(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """One more picture of the sheet."""
    paper = find(paper_answer_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            add_scan(paper=paper, scan=form.cleaned_data["file"], actor=request.actor, now=timezone.now())
        except (PaperRefused, UploadRefused) as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("paper-answer", paper_answer_id)
    return page_of(request, paper, bound={"scan_form": form})


@require_POST
@requires(Permission.KEY_PAPER)
def key(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """Start, or go on, to key."""
    takes_over = request.POST.get("take_over") == "yes"

    def begin(paper: PaperAnswer) -> None:
        begin_keying(paper=paper, takes_over=takes_over, actor=request.actor, now=timezone.now())

    return _begin(request, paper_answer_id, begin, "paper-key")


@require_POST
@requires(Permission.CHECK_PAPER)
def check(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """Start, or go on, to check."""
    return _begin(
        request,
        paper_answer_id,
        lambda paper: begin_check(paper=paper, actor=request.actor, now=timezone.now()),
        "paper-check",
    )


@require_POST
@requires(Permission.KEY_PAPER)
def discard(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """The sheet is not used."""
    form = DiscardForm(request.POST, auto_id="discard_%s")
    words = _("The sheet is not used. What waited because of it goes on.")
    return _act(request, paper_answer_id, form, discard_paper, words, "discard_form")


@require_POST
@requires(Permission.KEY_PAPER)
def resume(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """The customer has said what the sheet does not."""
    form = ResumeForm(request.POST, auto_id="resume_%s")
    return _act(request, paper_answer_id, form, resume_keying, _("Key what was missing."), "resume_form")


@require_POST
@requires(Permission.CHECK_PAPER)
def give_back(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """The sheet is to be keyed anew."""
    form = ReturnForm(request.POST, auto_id="return_%s")
    return _act(request, paper_answer_id, form, return_paper, _("It is returned to be keyed again."), "return_form")


@require_POST
@requires(Permission.CHECK_PAPER)
def look(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """A sheet that was set aside has been compared with the answer that counts."""
    form = LookForm(request.POST, auto_id="look_%s")
    return _act(request, paper_answer_id, form, note_looked, _("It is noted."), "look_form")


def find(paper_answer_id: UUID) -> PaperAnswer:
    """The sheet; to whoever does not see it, it is not there."""
    try:
        return find_paper(paper_answer_id)
    except PaperAnswer.DoesNotExist:
        raise Http404 from None


def shows(request: StaffRequest, paper: PaperAnswer) -> bool:
    """Whether this person sees the sheet: of a sensitive customer once they have named a reason."""
    now, customer = timezone.now(), paper.customer
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return False
    if shown_until(request.session, customer.pk, now) is not None:
        return True
    if is_sensitive(customer):
        return False
    reveal(request.session, customer=customer, reason=ViewReason.CONTACT, actor=request.actor, now=now)
    return True


def page_of(
    request: StaffRequest,
    paper: PaperAnswer,
    *,
    refusal: str = "",
    bound: Mapping[str, StaffForm] = MappingProxyType({}),
) -> HttpResponse:
    """The page of one sheet, with what was wrong with what was just entered."""
    is_shown, today = shows(request, paper), timezone.localdate()
    response = response_of(paper.reference)
    form = next((one for one in bound.values() if one.errors), None)
    member = request.membership
    context: dict[str, Any] = {
        "paper": paper,
        "number": written(paper.number),
        "name": name_shown(paper.customer, facts_of(paper.customer), masked=not is_shown),
        "shows": is_shown,
        "response": response,
        "scans": [(one, reason_in_words(one.reason) if one.reason else "") for one in scans_of(paper)]
        if is_shown
        else [],
        "marks": marks_in_words(paper, response, get_language() or "ja") if response else [],
        "keyed": answers_beside(paper, response, get_language() or "ja")
        if is_shown and response and paper.status in (Status.ACCEPTED, Status.SET_ASIDE)
        else [],
        "differed": differed(paper),
        "note": paper.note if is_shown else None,
        "because": paper.closed_because if is_shown else None,
        "age": (today - paper.received_on).days,
        "is_late": paper.closed_at is None and (today - paper.received_on).days > LATE_AFTER,
        "is_own": member.did((paper.keyed_by, paper.keyed_person), *(tuple(one) for one in paper.writers)),
        "policy": policy_in_force(),
        "people": names_of([paper.registered_by, paper.keyer, paper.keyed_by, paper.checked_by, paper.looked_by]),
        "scan_form": UploadForm(),
        "discard_form": DiscardForm(auto_id="discard_%s"),
        "resume_form": ResumeForm(auto_id="resume_%s"),
        "return_form": ReturnForm(auto_id="return_%s"),
        "look_form": LookForm(auto_id="look_%s"),
        **bound,
        "form": form,
        "refusal": refusal,
        "is_scanned": settings.UPLOAD_SCAN == "required",
    }
    return render(request, "staff/papers/one.html", context, status=422 if form or refusal else 200)


def _begin(
    request: StaffRequest, paper_answer_id: UUID, begin: Callable[[PaperAnswer], None], onwards: str
) -> HttpResponse:
    paper = find(paper_answer_id)
    try:
        begin(paper)
    except PaperRefused as refused:
        return page_of(request, find(paper_answer_id), refusal=str(refused))
    if find(paper_answer_id).status == Status.SET_ASIDE:
        return redirect("paper-answer", paper_answer_id)
    return redirect(onwards, paper_answer_id)


def _act(
    request: StaffRequest,
    paper_answer_id: UUID,
    form: StaffForm,
    act: Callable[..., object],
    done: str,
    name: str,
) -> HttpResponse:
    paper = find(paper_answer_id)
    if form.is_valid():
        try:
            act(paper=paper, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except PaperRefused as refused:
            if refused.field in form.fields:
                form.add_error(refused.field, str(refused))
            else:
                return page_of(request, find(paper_answer_id), refusal=str(refused))
        else:
            messages.success(request, done)
            return redirect("paper-answer", paper_answer_id)
    return page_of(request, find(paper_answer_id), bound={name: form})
