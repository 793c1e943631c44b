"""The customer's questions beside the pictures of their sheet: keyed once, keyed again blind, and decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.selectors import facts_of
from outreach.papers.comparing import readable_page
from outreach.papers.holding import PaperRefused
from outreach.papers.models import PaperAnswer
from outreach.papers.printing import numbers_on_sheet
from outreach.papers.selectors import blind_pages, enclosures_of, next_to_key, scans_of, sitting_over
from outreach.papers.services import (
    enclose,
    finish_keying,
    key_again,
    key_page,
    next_to_check,
    settle_check,
    take_out,
)
from outreach.papers.showing import check_lines
from outreach.papers.views.working import find, page_of, shows
from questionnaires import routing, schema
from questionnaires.addressing import filled_in
from questionnaires.answering import Errors, validate
from questionnaires.controls import camera_control, file_control
from questionnaires.files.selectors import handed_in
from questionnaires.filling import controls_filled
from questionnaires.models import Response
from questionnaires.presenting import Field, Writer
from questionnaires.schema import Kind
from questionnaires.selectors import response_of
from questionnaires.sittings import Sitting
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires, takes_body_of
from uploads.models import Upload
from uploads.services import UploadRefused

Status = PaperAnswer.Status
_MARK = "mark-"


@require_http_methods(["GET", "POST"])
@requires(Permission.KEY_PAPER)
def keyed(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """Where keying goes on: the next page, or the end of it."""
    paper, sitting = _sitting(request, paper_answer_id)
    if sitting is None or paper.status != Status.RECEIVED or paper.keyer != request.user.pk:
        return redirect("paper-answer", paper_answer_id)
    if waiting := next_to_key(paper, sitting.questionnaire):
        return redirect("paper-key-page", paper_answer_id, waiting)
    if request.method == "POST":
        try:
            done = finish_keying(paper=paper, actor=request.actor, now=timezone.now())
        except PaperRefused as refused:
            return page_of(request, find(paper_answer_id), refusal=str(refused))
        messages.success(request, _ENDS[done.status]())
        return redirect("paper-answer", paper_answer_id)
    writer = _writer(sitting)
    shown = sitting.pages
    context = {
        "paper": paper,
        "scans": _pictures(paper),
        "rows": [row for page in shown for row in writer.answers(page)],
        "marked": len(paper.marks),
    }
    return render(request, "staff/papers/keyed.html", context)


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # for scans of papers that were sent along
@require_http_methods(["GET", "POST"])
@requires(Permission.KEY_PAPER)
def key_one(request: StaffRequest, paper_answer_id: UUID, page: str) -> HttpResponse:
    """One page of the questions, with what cannot be read marked as such."""
    paper, sitting = _sitting(request, paper_answer_id)
    if sitting is None or paper.status != Status.RECEIVED or paper.keyer != request.user.pk:
        return redirect("paper-answer", paper_answer_id)
    asked = sitting.questionnaire.page(page)
    if asked is None or not routing.may_visit(sitting.questionnaire, sitting.response.answers, page):
        return redirect("paper-key", paper_answer_id)
    if request.method != "POST":
        return _show(request, paper, sitting, asked, marks=paper.marks)
    marks, action = _marks(request, asked), request.POST.get("action")
    try:
        paper, wrong, is_handed = _take_files(request, paper, asked)
        if wrong or is_handed or action == "attach":
            return _show(request, paper, sitting, asked, marks=marks, errors=wrong)
        if action in ("add", "fill"):
            return _show(request, paper, sitting, asked, marks=marks, asks=action)
        answers, errors, is_confirmed = _read(request, paper, sitting, asked, marks)
        if errors:
            return _show(request, paper, sitting, asked, marks=marks, errors=errors)
        key_page(
            paper=paper,
            page=asked,
            answers=answers,
            marks=marks,
            is_confirmed=is_confirmed,
            actor=request.actor,
            now=timezone.now(),
        )
    except PaperRefused as refused:
        return page_of(request, find(paper_answer_id), refusal=str(refused))
    return redirect("paper-key", paper_answer_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHECK_PAPER)
def checked(request: StaffRequest, paper_answer_id: UUID) -> HttpResponse:
    """Where the check goes on: the next page to be keyed blind, then what differs, to be decided beside the picture."""
    paper, sitting = _sitting(request, paper_answer_id, is_second=True)
    if sitting is None or paper.status != Status.KEYED or paper.second_by != request.user.pk:
        return redirect("paper-answer", paper_answer_id)
    if waiting := next_to_check(paper, sitting.questionnaire):
        return redirect("paper-check-page", paper_answer_id, waiting)
    said = {
        name.removeprefix("said-"): value for name, value in request.POST.dict().items() if name.startswith("said-")
    }
    undecided: list[str] = []
    if request.method == "POST":
        try:
            undecided = settle_check(paper=paper, said=said, actor=request.actor, now=timezone.now())
        except PaperRefused as refused:
            return page_of(request, find(paper_answer_id), refusal=str(refused))
        if not undecided:
            messages.success(request, _ENDS[find(paper_answer_id).status]())
            return redirect("paper-answer", paper_answer_id)
    response = _response(paper)
    lines = check_lines(paper, response, get_language() or "ja", said_so_far=said, open_ids=undecided)
    context = {
        "paper": paper,
        "scans": _pictures(paper),
        "lines": lines,
        "note": paper.note,
        "undecided": [line for line in lines if line.is_open],
        "differing": sum(1 for line in lines if line.is_blind and not line.is_same),
    }
    return render(request, "staff/papers/check.html", context, status=422 if undecided else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHECK_PAPER)
def check_one(request: StaffRequest, paper_answer_id: UUID, page: str) -> HttpResponse:
    """One page keyed a second time; what the first keying says is not on it."""
    paper, sitting = _sitting(request, paper_answer_id, is_second=True)
    if sitting is None or paper.status != Status.KEYED or paper.second_by != request.user.pk:
        return redirect("paper-answer", paper_answer_id)
    asked = next((one for one in blind_pages(paper, sitting.questionnaire) if one.id == page), None)
    if asked is None:
        return redirect("paper-check", paper_answer_id)
    if request.method != "POST":
        return _show(request, paper, sitting, asked, is_second=True)
    if (action := request.POST.get("action")) in ("add", "fill"):
        return _show(request, paper, sitting, asked, is_second=True, asks=action)
    answers, errors, _is_confirmed = _read(request, paper, sitting, asked, {})
    if errors:
        return _show(request, paper, sitting, asked, is_second=True, errors=errors)
    try:
        key_again(paper=paper, page=asked, answers=answers, actor=request.actor, now=timezone.now())
    except PaperRefused as refused:
        return page_of(request, find(paper_answer_id), refusal=str(refused))
    return redirect("paper-check", paper_answer_id)


_ENDS: Mapping[str, Callable[[], str]] = {
    Status.RECEIVED: lambda: _("It goes back to be keyed again where neither was right."),
    Status.KEYED: lambda: _("The sheet is keyed. A second person checks it."),
    Status.ASKING: lambda: _("The sheet is not complete. The customer is asked back."),
    Status.ACCEPTED: lambda: _("The sheet is the customer's answer now."),
    Status.SET_ASIDE: lambda: _("It cannot become the answer any more, and is set aside to be looked at."),
}


def _sitting(
    request: StaffRequest, paper_answer_id: UUID, *, is_second: bool = False
) -> tuple[PaperAnswer, Sitting | None]:
    paper = find(paper_answer_id)
    response = response_of(paper.reference)
    if response is None or not shows(request, paper):
        return paper, None
    return paper, sitting_over(paper, response, dict(facts_of(paper.customer)), is_second=is_second)


def _response(paper: PaperAnswer) -> Response:
    found = response_of(paper.reference)
    assert found is not None  # _sitting has seen it
    return found


def _writer(sitting: Sitting, errors: Errors | None = None) -> Writer:
    return Writer(sitting, sitting.questionnaire.language(get_language() or "ja"), errors or {})


def _pictures(paper: PaperAnswer) -> list[Upload]:
    return [one for one in scans_of(paper) if one.status == Upload.Status.CLEAN]


def _marks(request: StaffRequest, page: schema.Page) -> dict[str, str]:
    posted = {question.id: request.POST.get(_MARK + question.id, "") for question in page.questions}
    return {key: mark for key, mark in posted.items() if mark in PaperAnswer.Mark.values}


def _read(
    request: StaffRequest, paper: PaperAnswer, sitting: Sitting, page: schema.Page, marks: Mapping[str, str]
) -> tuple[dict[str, object], Errors, bool]:
    """What was keyed of a page: of marked questions nothing."""
    known = sitting.known(page)
    if request.POST.get("action") == "unchanged" and known:
        return {field: known.get(field) for field in page.fields}, {}, True
    readable = readable_page(page, marks)
    answers: dict[str, object] = dict.fromkeys(page.fields)
    errors: Errors = {}
    if readable.questions:
        keyed, errors = validate(
            readable,
            request.POST.dict(),
            today=timezone.localdate(),
            known=sitting.held(readable),
            before=sitting.response.answers,
            files=handed_in(enclosures_of(paper, sitting.response)),
        )
        answers |= keyed
    if marks:  # what is marked is a change of its own
        errors = {name: error for name, error in errors.items() if error[0] != "nothing_changed"}
    return answers, errors, False


def _take_files(request: StaffRequest, paper: PaperAnswer, page: schema.Page) -> tuple[PaperAnswer, Errors, bool]:
    """Scans of papers that were sent along, or the word that one is to be removed."""
    errors: Errors = {}
    now, is_handed = timezone.now(), False
    for question in (one for one in page.questions if one.kind is Kind.FILE):
        if removed := _identifier(request.POST.get("remove", "")):
            paper, is_handed = take_out(paper=paper, upload_id=removed, actor=request.actor, now=now), True
        for side in question.sides or ("",):
            control = file_control(question, side)
            for file in [*request.FILES.getlist(control), *request.FILES.getlist(camera_control(question, side))]:
                try:
                    paper = enclose(
                        paper=paper,
                        question=question,
                        side=side,
                        scan=file,  # type: ignore[arg-type]  # reads as one
                        actor=request.actor,
                        now=now,
                    )
                except UploadRefused as refused:
                    errors[control] = ("refused", {"reason": str(refused)})
                else:
                    is_handed = is_handed or request.POST.get("action") == "attach"
    return paper, errors, is_handed


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _show(
    request: StaffRequest,
    paper: PaperAnswer,
    sitting: Sitting,
    page: schema.Page,
    *,
    marks: Mapping[str, str] | None = None,
    errors: Errors | None = None,
    is_second: bool = False,
    asks: str = "",
) -> HttpResponse:
    is_posted = request.method == "POST"
    data: dict[str, str] = request.POST.dict() if is_posted else {}
    if asks == "fill":
        data, errors = filled_in(page, data)
    writer = _writer(sitting, errors)
    is_keyed = page.id in paper.second_pages if is_second else page.is_answered(sitting.response.answers)
    if not is_posted and is_keyed:
        known = sitting.held(page) if page.id in paper.confirmed_pages else {}
        data = controls_filled(page, sitting.response.answers, known=known)
    writer.files = enclosures_of(paper, sitting.response)
    fields = writer.fields(page, data, extra_people=int(asks == "add"))
    known = sitting.known(page)
    places = [one.id for one in blind_pages(paper, sitting.questionnaire)] if is_second else sitting.route
    context: dict[str, Any] = {
        "paper": paper,
        "scans": _pictures(paper),
        "page": page,
        "title": writer.words(page.title),
        "pairs": _with_marks(page, fields, marks or {}, numbers_on_sheet(sitting.questionnaire)),
        "place": places.index(page.id) + 1 if page.id in places else 1,
        "places": len(places),
        "errors": writer.error_list(page),
        "is_whole": bool(known),
        "has_files": any(one.kind is Kind.FILE for one in page.questions),
        "can_add": any(one.kind is Kind.PEOPLE for one in page.questions),
        "is_second": is_second,
        "again": [one.id for one in page.questions if one.id in paper.returned] if not is_second else [],
        "note": paper.note,
        "mark_choices": PaperAnswer.Mark.choices,
    }
    return render(request, "staff/papers/page.html", context, status=422 if errors else 200)


def _with_marks(
    page: schema.Page, fields: list[Field], marks: Mapping[str, str], numbers: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Each question with its mark; a held one is not prefilled, and required as on the sheet."""
    pairs = zip(page.questions, fields, strict=True)
    return [
        {
            "field": replace(field, is_required=question.required and question.id not in marks),
            "name": _MARK + question.id,
            "number": numbers.get(question.id),
            "mark": marks.get(question.id, ""),
            "can_mark": question.kind not in schema.UNASKED,
        }
        for question, field in pairs
    ]
