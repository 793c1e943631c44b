"""Forms for the parts of a draft: its heading, a page with its condition, a question, a list of choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from questionnaires.building import editing
from questionnaires.building.choices_form import ChoicesForm
from questionnaires.building.composing import Comparable, comparables_before
from questionnaires.building.condition_form import ConditionForm
from questionnaires.building.forms import HeadingForm, PageForm, QuestionForm
from questionnaires.building.naming import sentence_of
from questionnaires.building.overview import facts_offered, problems_in
from questionnaires.building.parts import Document, Part, lists_used_by, name_of, page_of, page_with, question_of
from questionnaires.building.readout import sentences_of
from questionnaires.building.views.catalogue import find_draft
from questionnaires.drafting import DraftChanged, DraftRefused, edit_draft
from questionnaires.models import QuestionnaireDraft
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires

type Edit = Callable[[Document], Document]


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def heading(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The title, the languages, and what is calculated."""
    found = find_draft(questionnaire_draft_id)
    form = HeadingForm(found.document, data=_data(request))
    if form.is_valid():
        said = form.cleaned_data
        title, languages, default = form.texts()["title"], said["languages"], said["default_language"]

        def edit(held: Document) -> Document:
            made = editing.write_heading(held, title, languages, default)
            made["calculated"] = said["calculated"]
            return made if said["calculated"] else {key: value for key, value in made.items() if key != "calculated"}

        if kept := _keep(request, found, form, edit, "outline"):
            return kept
    return _page(request, found, "heading", form)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def page(request: StaffRequest, questionnaire_draft_id: UUID, page: str) -> HttpResponse:
    """A page: its words, what it shows first, when it is asked, and its checks."""
    found = find_draft(questionnaire_draft_id)
    part = page_of(found.document, page)
    if part is None:
        raise Http404
    data = _data(request)
    adds = int(data is not None and data.get("step") == "row")
    form = PageForm(found.document, part, data=data)
    condition = ConditionForm(_comparables(found, page), part.get("show_if"), data, more_rows=adds)
    if data is not None and not adds and form.is_valid() and condition.is_valid():
        made, logic = form.part(), condition.cleaned_data["logic"]
        if logic is not None:
            made["show_if"] = logic
        if kept := _keep(request, found, form, lambda held: editing.write_page(held, page, made), f"page-{made['id']}"):
            return kept
    context = {
        "part": part,
        "condition": condition,
        "told": sentences_of(part["show_if"], found.document) if "show_if" in part else [],
        "checks": [(sentences_of(one["holds"], found.document), one) for one in part.get("checks", ())],
        "problems": [sentence_of(one) for one in problems_in(found) if one.page == page and not one.question],
        "has_added": bool(adds),
    }
    return _page(request, found, "page", form, is_wrong=bool(condition.errors) and not adds, **context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def question(request: StaffRequest, questionnaire_draft_id: UUID, question: str) -> HttpResponse:
    """A question; what is asked of it follows from its kind."""
    found = find_draft(questionnaire_draft_id)
    part, home = question_of(found.document, question), page_with(found.document, question)
    if part is None or home is None:
        raise Http404
    form = QuestionForm(
        found.document, part, facts_offered(part["kind"], found.questionnaire.audience), data=_data(request)
    )
    if form.is_valid():
        made = form.part()
        is_other = made["kind"] != part["kind"]
        at = reverse("questionnaire-draft-question", args=[found.pk, made["id"]]) if is_other else ""
        if kept := _keep(
            request,
            found,
            form,
            lambda held: _with_choices(editing.write_question(held, question, made), made),
            f"question-{made['id']}",
            to=at,
        ):
            return kept
    context = {
        "part": part,
        "home": name_of(home, get_language() or "ja"),
        "choices": found.document.get("choice_lists", {}).get(part.get("choices"), ()),
        "problems": [sentence_of(one) for one in problems_in(found) if one.question == question],
    }
    return _page(request, found, "question", form, **context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_QUESTIONNAIRE)
def choices(request: StaffRequest, questionnaire_draft_id: UUID, choices: str) -> HttpResponse:
    """A list of choices, row by row."""
    found = find_draft(questionnaire_draft_id)
    held = found.document.get("choice_lists", {}).get(choices)
    if held is None:
        raise Http404
    data = _data(request)
    form = ChoicesForm(found.document, held, data)
    if data is not None and not form.is_arranged and form.is_valid():
        made = form.choices()
        if kept := _keep(request, found, form, lambda now: editing.write_choices(now, choices, made), "lists"):
            return kept
    context = {
        "list_name": choices,
        "used_by": [name_of(one, get_language() or "ja") for one in lists_used_by(found.document)[choices]],
    }
    return _page(request, found, "choices", form, is_wrong=False, **context)


def _with_choices(document: Document, made: Part) -> Document:
    """A question that has come to offer choices gets a list of its own."""
    if made["kind"] not in ("radio", "checkboxes") or made.get("choices"):
        return document
    name, default = made["id"], document["default_language"]
    blank = [{"value": f"choice_{number}", "label": {default: ""}} for number in (1, 2)]
    known = document.get("choice_lists", {})
    held = editing.write_choices(document, name, known.get(name, blank))
    return editing.write_question(held, name, {**made, "choices": name})


def _comparables(found: QuestionnaireDraft, page_id: str) -> list[Comparable]:
    return comparables_before(found.document, page_id, get_language() or "ja", _("Yes"), _("No"))


def _data(request: StaffRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _keep(
    request: StaffRequest, found: QuestionnaireDraft, form: StaffForm, edit: Edit, at: str, to: str = ""
) -> HttpResponse | None:
    """Store what was entered; None, with the reason in the form, where that is not possible. Nothing typed is lost."""
    typed = request.POST.get("revision", "")
    revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    try:
        edit_draft(draft=found, revision=revision, edit=edit, actor=request.actor, now=timezone.now())
    except DraftChanged as changed:
        people = names_of([changed.draft.drafted_by])
        said = _(
            "%(name)s changed this draft after you opened it. What you entered is still here: look at the draft in"
            " another window, then keep it once more."
        )
        form.add_error(None, said % {"name": people.get(changed.draft.drafted_by, "—")})
        found.revision = changed.draft.revision
        return None
    except DraftRefused as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(request, _("Kept."))
    return redirect(to or reverse("questionnaire-draft", args=[found.pk]) + f"#{at}")


def _page(
    request: StaffRequest,
    found: QuestionnaireDraft,
    what: str,
    form: StaffForm,
    *,
    is_wrong: bool = False,
    **context: Any,
) -> HttpResponse:
    common = {
        "draft": found,
        "name": found.questionnaire.name_in(get_language() or "ja"),
        "form": form,
        "may_edit": found.status == QuestionnaireDraft.Status.DRAFT,
    }
    status = 422 if is_wrong or (form.is_bound and form.errors and not context.get("has_added")) else 200
    return render(request, f"staff/questionnaires/edit_{what}.html", {**common, **context}, status=status)
