"""Forms for the parts of a draft: its heading, a page with its condition, a question, a list of choices."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.lists.selectors import InForce, list_in_force
from questionnaires.building import editing
from questionnaires.building.choices_form import ChoicesForm
from questionnaires.building.condition_form import ConditionForm
from questionnaires.building.forms import HeadingForm, PageForm, QuestionForm
from questionnaires.building.naming import sentence_of
from questionnaires.building.overview import facts_offered, problems_in
from questionnaires.building.parts import (
    Document,
    Part,
    free_name,
    lists_used_by,
    name_of,
    page_of,
    page_with,
    question_of,
)
from questionnaires.building.reaching import reach_of_page
from questionnaires.building.readout import sentences_of
from questionnaires.building.using import places_of, places_reading
from questionnaires.building.views.catalogue import find_draft
from questionnaires.building.views.writing import Writing
from questionnaires.listing import FROM, lists_offered, take_list, taken_from
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def heading(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The title and the languages."""
    found = find_draft(questionnaire_draft_id)
    writing = Writing(request, found)
    form = HeadingForm(found.document, data=writing.data)
    if form.is_valid():
        said = form.cleaned_data
        title, languages, default = form.texts()["title"], said["languages"], said["default_language"]
        if kept := writing.keep(form, lambda held: editing.write_heading(held, title, languages, default), "outline"):
            return kept
    return writing.page("heading", form)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def page(request: StaffRequest, questionnaire_draft_id: UUID, page: str) -> HttpResponse:
    """A page: its words, what it shows first, and when it is asked."""
    found = find_draft(questionnaire_draft_id)
    writing = Writing(request, found)
    part = page_of(found.document, page)
    if part is None:
        return writing.gone()
    data = writing.data
    adds = int(data is not None and data.get("step") == "row")
    form = PageForm(found.document, part, data=data)
    reach = reach_of_page(found.document, page, writing.language)
    condition = ConditionForm(reach, part.get("show_if"), data, more_rows=adds, joint=_("Asked when"))
    if data is not None and not adds and form.is_valid() and condition.is_valid():
        made, logic = form.part(), condition.cleaned_data["logic"]
        if logic is not None:
            made["show_if"] = logic
        if kept := writing.keep(form, lambda held: editing.write_page(held, page, made), f"page-{made['id']}"):
            return kept
    context = {
        "part": part,
        "condition": condition,
        "told": sentences_of(part["show_if"], found.document) if "show_if" in part else [],
        "problems": [
            sentence_of(one)
            for one in problems_in(found)
            if one.page == page and not one.question and one.part != "show_if"  # its rows say it
        ],
        "has_added": bool(adds),
    }
    is_wrong = data is not None and not adds and bool(condition.errors)
    return writing.page("page", form, is_wrong=is_wrong, **context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def question(request: StaffRequest, questionnaire_draft_id: UUID, question: str) -> HttpResponse:
    """A question; what is asked of it follows from its kind."""
    found = find_draft(questionnaire_draft_id)
    writing = Writing(request, found)
    part, home = question_of(found.document, question), page_with(found.document, question)
    if part is None or home is None:
        return writing.gone()
    facts = facts_offered(part["kind"], found.questionnaire.audience)
    form = QuestionForm(found.document, part, facts, data=writing.data, lists=lists_offered(writing.language))
    if form.is_valid():
        made = form.part()
        is_other = made["kind"] != part["kind"]
        kept = writing.keep(
            form,
            lambda held: _with_choices(editing.write_question(held, question, made), made, part.get("choices", "")),
            f"question-{made['id']}",
            to=reverse("questionnaire-draft-question", args=[found.pk, made["id"]]) if is_other else "",
        )
        if kept:
            return kept
    context = {
        "part": part,
        "home": name_of(home, writing.language),
        "choices": found.document.get("choice_lists", {}).get(part.get("choices"), ()),
        "places": places_of(question, places_reading(found.document, writing.language)),
        "problems": [sentence_of(one) for one in problems_in(found) if one.question == question],
    }
    return writing.page("question", form, **context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def choices(request: StaffRequest, questionnaire_draft_id: UUID, choices: str) -> HttpResponse:
    """A list of choices, row by row."""
    found = find_draft(questionnaire_draft_id)
    writing = Writing(request, found)
    held = found.document.get("choice_lists", {}).get(choices)
    if held is None:
        return writing.gone()
    data = writing.data
    source = taken_from(found.document).get(choices)
    form = ChoicesForm(found.document, held, data, is_taken=source is not None)
    if data is not None and not form.is_arranged and form.is_valid():
        made = form.choices()
        if kept := writing.keep(form, lambda now: editing.write_choices(now, choices, made), "lists"):
            return kept
    used_by = [name_of(one, writing.language) for one in lists_used_by(found.document)[choices]]
    return writing.page("choices", form, list_name=choices, used_by=used_by, source=source)


def _with_choices(document: Document, made: Part, before: str) -> Document:
    """A question that has come to offer choices gets a list of its own, or takes one of the institution's."""
    said = str(made.get("choices", ""))
    if said.startswith(FROM) and (taken := list_in_force(said.removeprefix(FROM))):
        return _with_list(document, made, taken, before)
    if made["kind"] not in ("radio", "checkboxes") or made.get("choices"):
        return document
    name, default = made["id"], document["default_language"]
    blank = [{"value": f"choice_{number}", "label": {default: ""}} for number in (1, 2)]
    known = document.get("choice_lists", {})
    held = editing.write_choices(document, name, known.get(name, blank))
    return editing.write_question(held, name, {**made, "choices": name})


def _with_list(document: Document, made: Part, taken: InForce, before: str) -> Document:
    """Under the list's own key, or a name beside it if the document calls something else so."""
    lists = document.get("choice_lists", {})
    source = taken_from(document).get(taken.key)
    is_free = taken.key not in lists or (source is not None and source["list"] == taken.key)
    name = taken.key if is_free else free_name(taken.key, set(lists))
    held = take_list(document, name, taken, lists.get(before, ()))
    return editing.write_question(held, made["id"], {**made, "choices": name})
