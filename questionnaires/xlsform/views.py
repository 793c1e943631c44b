"""Pages that take in XLSForm workbooks and hand them out."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from questionnaires.drafting import DraftRefused, begin_draft, begin_questionnaire
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire
from questionnaires.shaping import parse
from questionnaires.xlsform.forms import ImportForm, TakeForm
from questionnaires.xlsform.reading import Outcome
from questionnaires.xlsform.services import look_at
from questionnaires.xlsform.wording import csv_of, refusal, table_of
from questionnaires.xlsform.workbooks import MAX_BYTES
from questionnaires.xlsform.writing import workbook_of
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires, takes_body_of
from uploads.spreadsheets import WorkbookRefused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SALT = "questionnaires.xlsform.findings"


@takes_body_of(lambda: 2 * MAX_BYTES)  # so that a workbook somewhat too large is refused in a sentence
@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def take_in(request: StaffRequest) -> HttpResponse:
    """Choose a workbook; the answer shows what it would become, or everything that is wrong with it."""
    language = get_language() or "ja"
    rows = list(Questionnaire.objects.order_by("key"))
    known = [(str(one.pk), one.name_in(language)) for one in rows]
    form = ImportForm(*((request.POST, request.FILES) if request.method == "POST" else (None,)), known=known)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        chosen = next((one for one in rows if str(one.pk) == form.cleaned_data["questionnaire"]), None)
        audience = chosen.audience if chosen else form.cleaned_data["audience"] or "INDIVIDUAL"
        try:
            outcome = look_at(form.cleaned_data["file"].read(), audience=audience)
        except WorkbookRefused as refused:
            form.add_error("file", refusal(refused))
        else:
            context |= _looked_at(outcome, chosen, audience)
    is_wrong = bool(form.errors) or bool(context.get("errors"))
    return render(request, "staff/questionnaires/xlsform/import.html", context, status=422 if is_wrong else 200)


def _looked_at(outcome: Outcome, chosen: Questionnaire | None, audience: str) -> dict[str, Any]:
    language = get_language() or "ja"
    table = table_of(outcome.findings)
    context: dict[str, Any] = {
        "table": table,
        "errors": len(outcome.errors),
        "signed": signing.dumps(table, salt=_SALT, compress=True) if table else "",
    }
    if outcome.document is not None:
        parsed = parse(outcome.document)
        spoken = parsed.language(language)
        context |= {
            "document": json.dumps(outcome.document, ensure_ascii=False),
            "questionnaire": parsed,
            "title": parsed.title[spoken],
            "pages": [
                (page.title[spoken], [question.label[spoken] for question in page.questions]) for page in parsed.pages
            ],
            "questions": len(list(parsed.questions())),
            "chosen": chosen,
            "chosen_name": chosen.name_in(language) if chosen else "",
            "audience": audience,
        }
    return context


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def take(request: StaffRequest) -> HttpResponse:
    """Make a draft of what the dry look showed."""
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise Http404
    document, now = form.cleaned_data["document"], timezone.now()
    try:
        title = parse(document).title
        if pk := form.cleaned_data["questionnaire"]:
            questionnaire = get_object_or_404(Questionnaire.objects.all(), pk=pk)
            draft = begin_draft(questionnaire=questionnaire, document=document, actor=request.actor, now=now)
        else:
            draft = begin_questionnaire(
                name=str(title.get("ja") or next(iter(title.values())))[:80],
                name_en=str(title.get("en") or next(iter(title.values())))[:80],
                audience=form.cleaned_data["audience"],
                document=document,
                actor=request.actor,
                now=now,
            )
    except (DraftRefused, InvalidQuestionnaire) as refused:
        context = {"form": ImportForm(known=[]), "refusal": str(refused)}
        return render(request, "staff/questionnaires/xlsform/import.html", context, status=422)
    return redirect("questionnaire-draft", draft.pk)


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def findings(request: StaffRequest) -> HttpResponse:
    """The list of what is wrong, as the page showed it, to keep beside the workbook."""
    try:
        table = signing.loads(request.POST.get("signed", ""), salt=_SALT, max_age=86_400)
    except signing.BadSignature:
        raise Http404 from None
    headers = {"Content-Disposition": 'attachment; filename="xlsform-errors.csv"'}
    return HttpResponse(csv_of(table), content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def version_workbook(request: StaffRequest, questionnaire_version_id: UUID) -> HttpResponse:
    """A published version as a workbook."""
    rows = QuestionnaireVersion.objects.select_related("questionnaire")
    found = get_object_or_404(rows, pk=questionnaire_version_id)
    return _workbook(found.document, f"{found.questionnaire.key}-v{found.number}")


@require_GET
@requires(Permission.EDIT_QUESTIONNAIRE)
def draft_workbook(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """A draft as a workbook; one that has errors cannot be written."""
    rows = QuestionnaireDraft.objects.select_related("questionnaire")
    found = get_object_or_404(rows, pk=questionnaire_draft_id)
    try:
        parse(found.document)
    except InvalidQuestionnaire as error:
        context = {"form": ImportForm(known=[]), "refusal": str(error)}
        return render(request, "staff/questionnaires/xlsform/import.html", context, status=422)
    return _workbook(found.document, f"{found.questionnaire.key}-draft")


def _workbook(document: dict[str, Any], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return HttpResponse(workbook_of(document), content_type=XLSX, headers=headers)
