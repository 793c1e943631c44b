"""One draft: its outline, what is wrong with it, and its way to being in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from questionnaires.building import editing
from questionnaires.building.differing import changes_between
from questionnaires.building.forms import ReturnForm
from questionnaires.building.missing import by_language
from questionnaires.building.naming import KINDS, language_name, sentence_of
from questionnaires.building.overview import asked_by_version, breaks_of, people_in, problems_in
from questionnaires.building.parts import Document, EditRefused, lists_used_by, name_of, page_of, page_with
from questionnaires.building.readout import sentences_of
from questionnaires.building.views.catalogue import as_file, find_draft
from questionnaires.drafting import (
    DraftRefused,
    approve_draft,
    authors_of,
    discard_draft,
    edit_draft,
    newest_version,
    propose_draft,
    return_draft,
    undo_edit,
)
from questionnaires.models import QuestionnaireDraft
from questionnaires.schema import Kind, digest_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

type Step = Callable[..., object]


@require_GET
@requires(Permission.VIEW_IMPORTS)
def draft(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The draft: outline, errors, changes, what uses the answers, and the approval."""
    return _page(request, find_draft(questionnaire_draft_id))


@require_GET
@requires(Permission.VIEW_IMPORTS)
def document(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The document as it stands in the draft."""
    found = find_draft(questionnaire_draft_id)
    return as_file(found.document, f"{found.questionnaire.key}-draft.json")


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def arrange(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """One button of the outline: add, copy, move or remove a page or a question."""
    found = find_draft(questionnaire_draft_id)
    act, said, at = _arrangement(request)
    if act is None:
        return redirect("questionnaire-draft", found.pk)

    def step(**arguments: Any) -> None:
        edit_draft(revision=_revision(request), edit=act, **arguments)

    return _step(request, found, step, said, at=at)


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def undo(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Take the last change back."""

    def step(**arguments: Any) -> None:
        undo_edit(revision=_revision(request), **arguments)

    return _step(request, find_draft(questionnaire_draft_id), step, _("The last change is taken back."))


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def propose(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Ask a second person."""
    found = find_draft(questionnaire_draft_id)
    if problems_in(found):
        return _page(request, found, _("The draft still has errors. Correct them first."))

    def step(**arguments: Any) -> None:
        propose_draft(revision=_revision(request), **arguments)

    return _step(request, found, step, _("The draft waits for approval."))


@require_POST
@requires(Permission.APPROVE_QUESTIONNAIRE)
@requires_recent_sign_in(lambda questionnaire_draft_id: reverse("questionnaire-draft", args=[questionnaire_draft_id]))
def approve(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Publish it, as the page showed it."""

    def step(**arguments: Any) -> None:
        approve_draft(seen_hash=request.POST.get("seen_hash", ""), **arguments)

    said = _("The version is in force. Whoever is asked from now on answers it.")
    return _step(request, find_draft(questionnaire_draft_id), step, said)


@require_POST
@requires(Permission.APPROVE_QUESTIONNAIRE)
def give_back(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Reject it with a reason."""
    return _give_back(request, find_draft(questionnaire_draft_id))


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def take_back(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Go on writing what one proposed."""

    def step(**arguments: Any) -> None:
        return_draft(reason="", **arguments)

    return _step(request, find_draft(questionnaire_draft_id), step, _("The draft can be changed again."))


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def discard(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Throw it away."""
    found = find_draft(questionnaire_draft_id)
    return _step(request, found, discard_draft, _("The draft was thrown away."))


def _give_back(request: StaffRequest, found: QuestionnaireDraft) -> HttpResponse:
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form)

    def step(**arguments: Any) -> None:
        return_draft(reason=form.cleaned_data["reason"], **arguments)

    return _step(request, found, step, _("The draft went back to its authors."))


def _arrangement(request: StaffRequest) -> tuple[Callable[[Document], Document] | None, str, str]:
    """The edit a button asks for, what is said of it, and which part of the page to come back to."""
    verb, _blank, rest = request.POST.get("act", "").partition(" ")
    name, _blank, more = rest.partition(" ")
    removed = _("Removed. It can be taken back below.")
    acts: dict[str, tuple[Callable[[Document], Document], str, str]] = {
        "page-add": (lambda held: editing.add_page(held, after=name), _("A page was added."), f"page-{name}"),
        "page-copy": (lambda held: editing.duplicate_page(held, name), _("The page was copied."), f"page-{name}"),
        "page-remove": (lambda held: editing.remove_page(held, name), removed, "outline"),
        "page-up": (lambda held: _shift_page(held, name, -1), "", f"page-{name}"),
        "page-down": (lambda held: _shift_page(held, name, 1), "", f"page-{name}"),
        "page-to": (lambda held: editing.move_page(held, name, _index(more)), "", f"page-{name}"),
        "question-add": (
            lambda held: editing.add_question(held, name, _kind(request, name)),
            _("A question was added. Write its words."),
            f"page-{name}",
        ),
        "question-copy": (
            lambda held: editing.duplicate_question(held, name),
            _("The question was copied."),
            f"question-{name}",
        ),
        "question-remove": (lambda held: editing.remove_question(held, name), removed, "outline"),
        "question-up": (lambda held: _shift_question(held, name, -1), "", f"question-{name}"),
        "question-down": (lambda held: _shift_question(held, name, 1), "", f"question-{name}"),
        "question-to": (lambda held: _place_question(held, name, more), "", f"question-{name}"),
    }
    return acts.get(verb, (None, "", ""))


def _shift_page(held: Document, page_id: str, by: int) -> Document:
    at = next((number for number, page in enumerate(held["pages"]) if page["id"] == page_id), 0)
    return editing.move_page(held, page_id, at + by)


def _shift_question(held: Document, question_id: str, by: int) -> Document:
    """Up or down; beyond the end of a page, to its neighbour."""
    page = page_with(held, question_id)
    if page is None:
        raise EditRefused(_("This question is not in the draft any more."))
    at = next(number for number, one in enumerate(page["questions"]) if one["id"] == question_id)
    if 0 <= at + by < len(page["questions"]):
        return editing.move_question(held, question_id, page["id"], at + by)
    pages = held["pages"]
    goal = pages.index(page) + by
    if not 0 <= goal < len(pages):
        return held
    return editing.move_question(held, question_id, pages[goal]["id"], len(pages[goal]["questions"]) if by < 0 else 0)


def _place_question(held: Document, question_id: str, goal: str) -> Document:
    page_id, _blank, at = goal.partition(" ")
    if page_of(held, page_id) is None:
        raise EditRefused(_("This page is not in the draft any more."))
    return editing.move_question(held, question_id, page_id, _index(at))


def _index(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _kind(request: StaffRequest, page_id: str) -> str:
    kind = request.POST.get(f"kind-{page_id}", "")
    return kind if kind in set(Kind) else Kind.TEXT


def _revision(request: StaffRequest) -> int:
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def _step(request: StaffRequest, found: QuestionnaireDraft, step: Step, said: str, at: str = "") -> HttpResponse:
    """One act on a draft; a refusal shows it as it is now, and why."""
    try:
        step(draft=found, actor=request.actor, now=timezone.now())
    except DraftRefused as refused:
        return _page(request, find_draft(found.pk), str(refused))
    if said:
        messages.success(request, said)
    return redirect(reverse("questionnaire-draft", args=[found.pk]) + (f"#{at}" if at else ""))


def _page(
    request: StaffRequest, found: QuestionnaireDraft, refusal: str = "", form: ReturnForm | None = None
) -> HttpResponse:
    language = get_language() or "ja"
    newest = newest_version(found.questionnaire)
    problems = [(one, sentence_of(one)) for one in problems_in(found)]
    before = newest.document if newest else None
    counts = asked_by_version()
    context = {
        "draft": found,
        "questionnaire": found.questionnaire,
        "name": found.questionnaire.name_in(language),
        "pages": _outline(found.document, problems, language),
        "problems": [(one, said, _place(found.document, one, language)) for one, said in problems],
        "kinds": list(KINDS.items()),
        "lists": lists_used_by(found.document),
        "changes": changes_between(before or _EMPTY, found.document, language),
        "newest": newest,
        "asked": sum(counts.get(pk, 0) for pk in found.questionnaire.versions.values_list("pk", flat=True)),
        "missing": [(language_name(code), len(ones)) for code, ones in by_language(found.document).items()],
        "breaks": breaks_of(found.document, before, language),
        "digest": digest_of(found.document),
        "is_own": request.membership.did(*authors_of(found)),
        "people": names_of(people_in([found])),
        "return_form": form or ReturnForm(),
        "form": form,
        "refusal": refusal,
        "may_edit": found.status == QuestionnaireDraft.Status.DRAFT,
    }
    return render(request, "staff/questionnaires/draft.html", context, status=422 if refusal or form else 200)


_EMPTY: Document = {"pages": [], "languages": [], "title": {}}


def _outline(document: Document, problems: list[Any], language: str) -> list[dict[str, Any]]:
    """The pages with their questions in words; each with what is wrong there."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for one, said in problems:
        wrong.setdefault(("", one.question) if one.question else (one.page, ""), []).append(said)
    return [
        {
            "id": page["id"],
            "name": name_of(page, language),
            "is_block": page.get("block", False),
            "condition": sentences_of(page["show_if"], document) if "show_if" in page else [],
            "problems": wrong.get((page["id"], ""), []),
            "questions": [
                {
                    "id": question["id"],
                    "name": name_of(question, language),
                    "kind": KINDS.get(question["kind"], question["kind"]),
                    "is_required": question.get("required", False) or question["kind"] == Kind.DECLARATION,
                    "is_sensitive": question.get("sensitivity") == "sensitive",
                    "is_kept": bool(question.get("maps_to")),
                    "problems": wrong.get(("", question["id"]), []),
                }
                for question in page["questions"]
            ],
        }
        for page in document["pages"]
    ]


def _place(document: Document, error: Any, language: str) -> str:
    """The name of where it is, for the list of errors."""
    if error.question:
        page = page_with(document, error.question)
        asked = [one for one in page["questions"] if one["id"] == error.question] if page else []
        return name_of(asked[0], language) if asked else str(error.question)
    found = page_of(document, error.page) if error.page else None
    return name_of(found, language) if found else ""
