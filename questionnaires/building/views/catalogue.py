"""The list of questionnaires, one of them with its versions, and what any two versions differ by."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from questionnaires.building.differing import changes_between
from questionnaires.building.forms import NewQuestionnaireForm
from questionnaires.building.overview import asked_by_version, listed, people_in
from questionnaires.drafting import BEING_WRITTEN, DraftRefused, begin_draft, begin_questionnaire, newest_version
from questionnaires.fitting import json_schema
from questionnaires.listing import newer_lists, renewed
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires

SCHEMA_TYPE = "application/schema+json"


@require_GET
@requires(Permission.VIEW_IMPORTS)
def index(request: StaffRequest) -> HttpResponse:
    """Every questionnaire with the version in force and the draft that waits."""
    rows = listed()
    drafts = [draft for row in rows for draft in (row.draft, row.published_by) if draft]
    return render(request, "staff/questionnaires/index.html", {"rows": rows, "people": names_of(people_in(drafts))})


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def new(request: StaffRequest) -> HttpResponse:
    """Begin something that was never asked."""
    form = NewQuestionnaireForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                draft = begin_questionnaire(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except IntegrityError:
            form.add_error("key", _("There is a questionnaire of this name already."))
        except DraftRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("questionnaire-draft", draft.pk)
    return render(request, "staff/questionnaires/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def questionnaire(request: StaffRequest, questionnaire_id: UUID) -> HttpResponse:
    """One questionnaire: its versions, who wrote and approved them, and the draft."""
    found = _find(questionnaire_id)
    versions = list(found.versions.defer("document").order_by("-number"))
    drafts = list(found.drafts.defer("document", "before").order_by("-drafted_at"))
    by_number = {one.published_number: one for one in drafts if one.published_number}
    counts = asked_by_version()
    in_force = newest_version(found)
    draft = next((one for one in drafts if one.status in BEING_WRITTEN), None)
    context = {
        "newer": newer_lists(in_force.document) if in_force and not draft else [],
        "may_renew": may(request, Permission.EDIT_QUESTIONNAIRE),
        "questionnaire": found,
        "name": found.name_in(get_language() or "ja"),
        "rows": [(one, by_number.get(one.number), counts.get(one.pk, 0)) for one in versions],
        "draft": draft,
        "people": names_of(people_in(drafts)),
    }
    return render(request, "staff/questionnaires/questionnaire.html", context)


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def begin(request: StaffRequest, questionnaire_id: UUID) -> HttpResponse:
    """Begin a draft with the version in force or, to go back, with that of ``version``."""
    found = _find(questionnaire_id)
    typed = request.POST.get("version", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
    newest = newest_version(found) if request.POST.get("renew") == "lists" else None
    document = renewed(newest.document) if newest else None
    try:
        draft = begin_draft(
            questionnaire=found, document=document, number=number, actor=request.actor, now=timezone.now()
        )
    except DraftRefused as refused:
        messages.error(request, str(refused))
        return redirect("questionnaire", found.pk)
    return redirect("questionnaire-draft", draft.pk)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def document(request: StaffRequest, questionnaire_id: UUID, version: int) -> HttpResponse:
    """The document of a version, as it was published."""
    found = _version(_find(questionnaire_id), version)
    name = f"{found.questionnaire.key}-{found.number}.json"
    return as_file(found.document, name)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def compare(request: StaffRequest, questionnaire_id: UUID) -> HttpResponse:
    """What a version says otherwise than another: ``from`` and ``to`` are their numbers."""
    found = _find(questionnaire_id)
    numbers = list(found.versions.order_by("-number").values_list("number", flat=True))
    if len(numbers) < 2:  # nothing to compare with
        return redirect("questionnaire", found.pk)
    older, newer = (_number(request.GET.get(key), numbers) for key in ("from", "to"))
    newer = newer or numbers[0]
    older = older or numbers[1]
    before, after = _version(found, older), _version(found, newer)
    context = {
        "questionnaire": found,
        "name": found.name_in(get_language() or "ja"),
        "numbers": numbers,
        "older": older,
        "newer": newer,
        "changes": changes_between(before.document, after.document, get_language() or "ja"),
    }
    return render(request, "staff/questionnaires/compare.html", context)


@require_GET
def schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of documents, for whoever writes them. Open: it says nothing about anybody."""
    response = JsonResponse(json_schema(), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response.headers["Content-Type"] = SCHEMA_TYPE
    return response


def as_file(held: object, name: str) -> HttpResponse:
    """A document to be kept."""
    response = HttpResponse(json.dumps(held, ensure_ascii=False, indent=1), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def find_draft(questionnaire_draft_id: UUID) -> QuestionnaireDraft:
    """The draft with its questionnaire; 404 if there is none."""
    rows = QuestionnaireDraft.objects.select_related("questionnaire")
    found: QuestionnaireDraft = get_object_or_404(rows, pk=questionnaire_draft_id)
    return found


def _find(questionnaire_id: UUID) -> Questionnaire:
    found: Questionnaire = get_object_or_404(Questionnaire.objects.all(), pk=questionnaire_id)
    return found


def _version(found: Questionnaire, number: int) -> QuestionnaireVersion:
    version: QuestionnaireVersion = get_object_or_404(found.versions.select_related("questionnaire"), number=number)
    return version


def _number(typed: str | None, numbers: list[int]) -> int | None:
    return next((number for number in numbers if str(number) == typed), None)
