"""Forms for what follows from answers: checks between them, and values that are calculated."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from questionnaires.building import editing
from questionnaires.building.condition_form import ConditionForm
from questionnaires.building.logic_forms import WORKINGS, CalculatedForm, CheckForm, working_of
from questionnaires.building.naming import sentence_of
from questionnaires.building.overview import facts_for_calculated, problems_in
from questionnaires.building.parts import Part, calculated_of, check_of, free_name, name_of, names_taken, page_of
from questionnaires.building.reaching import reach_of_calculated, reach_of_check
from questionnaires.building.readout import check_sentences, value_sentences
from questionnaires.building.using import places_of, places_reading
from questionnaires.building.views.catalogue import find_draft
from questionnaires.building.views.writing import Writing
from questionnaires.schema import Working
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def new_check(request: StaffRequest, questionnaire_draft_id: UUID, page: str) -> HttpResponse:
    """A check that the page does not have yet."""
    return _check(request, questionnaire_draft_id, page, "")


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def check(request: StaffRequest, questionnaire_draft_id: UUID, page: str, check: str) -> HttpResponse:
    """A check of a page."""
    return _check(request, questionnaire_draft_id, page, check)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def new_calculated(request: StaffRequest, questionnaire_draft_id: UUID, working: str) -> HttpResponse:
    """A value that is not calculated yet; ``working`` says how it will be."""
    how = working if working in set(Working) else Working.HOLDS
    return _calculated(request, questionnaire_draft_id, "", how)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def calculated(request: StaffRequest, questionnaire_draft_id: UUID, calculated: str) -> HttpResponse:
    """A value that is worked out of answers."""
    return _calculated(request, questionnaire_draft_id, calculated, "")


def _check(request: StaffRequest, draft_id: UUID, page_id: str, key: str) -> HttpResponse:
    found = find_draft(draft_id)
    writing = Writing(request, found)
    page = page_of(found.document, page_id)
    part: Part | None = (check_of(page, key) if key else {"holds": None, "at": "", "message": {}}) if page else None
    if page is None or part is None:
        return writing.gone()
    data = writing.data
    adds = int(data is not None and data.get("step") == "row")
    form = CheckForm(found.document, page, part, writing.language, data=data)
    reach = reach_of_check(found.document, page_id, writing.language)
    condition = ConditionForm(reach, part["holds"], data, more_rows=adds, joint=_("The customer may go on when"))
    is_complete = data is not None and not adds and form.is_valid() & condition.is_valid()
    if is_complete and _has_condition(condition):
        made = form.part(condition.cleaned_data["logic"])
        if kept := writing.keep(form, lambda held: editing.write_check(held, page_id, key, made), f"page-{page_id}"):
            return kept
    context = {
        "part": part,
        "key": key,
        "home": name_of(page, writing.language),
        "condition": condition,
        "told": check_sentences(part, found.document) if key else [],
        "has_added": bool(adds),
    }
    is_wrong = data is not None and not adds and bool(condition.errors)
    return writing.page("check", form, is_wrong=is_wrong, **context)


def _calculated(request: StaffRequest, draft_id: UUID, name: str, working: str) -> HttpResponse:
    found = find_draft(draft_id)
    writing = Writing(request, found)
    one = calculated_of(found.document, name) if name else {"id": free_name("value", names_taken(found.document))}
    if one is None:
        return writing.gone()
    how = working or working_of(one)
    data = writing.data
    adds = int(data is not None and data.get("step") == "row")
    facts = facts_for_calculated(how, found.questionnaire.audience)
    form = CalculatedForm(found.document, one, how, facts, writing.language, data)
    reach = reach_of_calculated(found.document, name, writing.language)
    condition = ConditionForm(reach, one.get("holds"), data, more_rows=adds, joint=_("It holds when"))
    has_condition = how == Working.HOLDS
    is_complete = data is not None and not adds and form.is_valid() & (not has_condition or condition.is_valid())
    if is_complete and (not has_condition or _has_condition(condition)):
        made = form.part(condition.cleaned_data["logic"] if has_condition else None)
        if kept := writing.keep(form, lambda held: editing.write_calculated(held, name, made), "calculated"):
            return kept
    context = {
        "part": one,
        "is_new": not name,
        "working": WORKINGS[how],
        "condition": condition if has_condition else None,
        "told": value_sentences(one, found.document) if name else [],
        "places": places_of(name, places_reading(found.document, writing.language)) if name else [],
        "problems": [
            sentence_of(error) for error in problems_in(found) if name and name in (error.part, error.question)
        ],
        "has_added": bool(adds),
    }
    is_wrong = data is not None and not adds and has_condition and bool(condition.errors)
    return writing.page("calculated", form, is_wrong=is_wrong, **context)


def _has_condition(condition: ConditionForm) -> bool:
    """Whether there is one; if not, its first control says that it is needed."""
    if condition.cleaned_data["logic"] is None:
        at = "raw" if condition.is_raw else "answer-0"
        condition.add_error(at, _("Choose at least one answer to compare."))
    return condition.is_valid()
