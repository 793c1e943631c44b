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
from questionnaires.building.logic_forms import WORKINGS
from questionnaires.building.missing import by_language
from questionnaires.building.naming import KINDS, language_name, place_word, sentence_of
from questionnaires.building.outlining import anchor_of, calculated_in, is_folded, outline_of, place_of, readers_left
from questionnaires.building.overview import asked_by_version, breaks_of, people_in, problems_in
from questionnaires.building.parts import (
    Document,
    EditRefused,
    free_name,
    lists_used_by,
    names_taken,
    page_of,
    page_with,
)
from questionnaires.building.views.catalogue import as_file, find_draft
from questionnaires.building.views.weighing import BUDGET, heavy_pages
from questionnaires.building.views.writing import outline_address, revision_in
from questionnaires.drafting import (
    DraftRefused,
    approve_draft,
    discard_draft,
    edit_draft,
    newest_version,
    propose_draft,
    return_draft,
    undo_edit,
)
from questionnaires.faults import judge
from questionnaires.listing import newer_lists, renewed
from questionnaires.models import QuestionnaireDraft
from questionnaires.schema import Kind, digest_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

type Step = Callable[..., object]
type Act = Callable[[Document], Document]


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
    act, said, at = _arrangement(request, found.document)
    if act is None:
        return redirect("questionnaire-draft", found.pk)

    def step(**arguments: Any) -> None:
        edit_draft(revision=revision_in(request), edit=act, **arguments)

    return _step(request, found, step, said, at=at)


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def undo(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Take the last change back."""

    def step(**arguments: Any) -> None:
        undo_edit(revision=revision_in(request), **arguments)

    return _step(request, find_draft(questionnaire_draft_id), step, _("The last change is taken back."))


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def propose(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """Ask a second person."""
    found = find_draft(questionnaire_draft_id)
    if problems_in(found):
        return _page(request, found, _("The draft still has errors. Correct them first."))

    def step(**arguments: Any) -> None:
        propose_draft(revision=revision_in(request), **arguments)

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


def _arrangement(request: StaffRequest, held: Document) -> tuple[Act | None, str, str]:
    """The edit a button asks for, what is said of it, and which part of the page to come back to."""
    verb, _blank, rest = request.POST.get("act", "").partition(" ")
    name, _blank, more = rest.partition(" ")
    taken = names_taken(held)
    new_page = free_name("page", taken)
    acts: dict[str, tuple[Act, str, str]] = {
        "page-add": (lambda now: editing.add_page(now, after=name), _("A page was added."), f"page-{new_page}"),
        "page-copy": (lambda now: editing.duplicate_page(now, name), _("The page was copied."), f"page-{new_page}"),
        "page-remove": (lambda now: editing.remove_page(now, name), _removed(held, page=name), "outline"),
        "page-up": (lambda now: _shift_page(now, name, -1), "", f"page-{name}"),
        "page-down": (lambda now: _shift_page(now, name, 1), "", f"page-{name}"),
        "page-to": (lambda now: editing.move_page(now, name, _index(more)), "", f"page-{name}"),
        "question-add": (
            lambda now: editing.add_question(now, name, _kind(request, name)),
            _("A question was added. Write its words."),
            f"question-{free_name('question', taken | held.get('choice_lists', {}).keys())}",
        ),
        "question-copy": (
            lambda now: editing.duplicate_question(now, name),
            _("The question was copied."),
            f"question-{name}",
        ),
        "question-remove": (
            lambda now: editing.remove_question(now, name),
            _removed(held, question=name),
            f"page-{(page_with(held, name) or {}).get('id', '')}",
        ),
        "question-up": (lambda now: _shift_question(now, name, -1), "", f"question-{name}"),
        "question-down": (lambda now: _shift_question(now, name, 1), "", f"question-{name}"),
        "question-to": (lambda now: _place_question(now, name, more), "", f"question-{name}"),
        "check-up": (lambda now: editing.move_check(now, name, more, -1), "", f"page-{name}"),
        "check-down": (lambda now: editing.move_check(now, name, more, 1), "", f"page-{name}"),
        "check-remove": (lambda now: editing.write_check(now, name, more, None), _removed(held), f"page-{name}"),
        "calculated-up": (lambda now: editing.move_calculated(now, name, -1), "", "calculated"),
        "calculated-down": (lambda now: editing.move_calculated(now, name, 1), "", "calculated"),
        "calculated-remove": (
            lambda now: editing.remove_calculated(now, name),
            _removed(held, question=name),
            "calculated",
        ),
        "lists-renew": (lambda now: renewed(now, [name]), _("The newer list is taken."), "lists"),
    }
    return acts.get(verb, (None, "", ""))


def _removed(held: Document, *, page: str = "", question: str = "") -> str:
    """What is said of a part that was taken out: where its answers are still read."""
    left = readers_left(held, get_language() or "ja", page=page, question=question) if page or question else []
    if not left:
        return _("Removed. It can be taken back below.")
    places = _("; ").join(map(place_word, left))
    said = _("Removed. These still read its answer: %(places)s. Correct them, or take the removal back below.")
    return said % {"places": places}


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


def _step(request: StaffRequest, found: QuestionnaireDraft, step: Step, said: str, at: str = "") -> HttpResponse:
    """One act on a draft; a refusal shows it as it is now, and why."""
    try:
        step(draft=found, actor=request.actor, now=timezone.now())
    except DraftRefused as refused:
        return _page(request, find_draft(found.pk), str(refused))
    if said:
        messages.success(request, said)
    return redirect(outline_address(found, at))


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
        "pages": outline_of(found.document, problems, language, at=request.GET.get("at", "")),
        "is_folded": is_folded(found.document),
        "calculated": calculated_in(found.document, problems, language),
        "workings": list(WORKINGS.items()),
        "problems": [
            (anchor_of(found.document, one), said, place_of(found.document, one, language)) for one, said in problems
        ],
        "kinds": list(KINDS.items()),
        "lists": lists_used_by(found.document),
        "changes": changes_between(before or _EMPTY, found.document, language),
        "newest": newest,
        "asked": sum(counts.get(pk, 0) for pk in found.questionnaire.versions.values_list("pk", flat=True)),
        "newer": newer_lists(found.document),
        "may_renew": found.status == QuestionnaireDraft.Status.DRAFT and may(request, Permission.EDIT_QUESTIONNAIRE),
        "heavy": _heavy(request, found.document, language),
        "budget": BUDGET,
        "missing": [(language_name(code), len(ones)) for code, ones in by_language(found.document).items()],
        "breaks": breaks_of(found.document, before, language),
        "digest": digest_of(found.document),
        "is_own": request.membership.did(*found.acts),
        "people": names_of(people_in([found])),
        "return_form": form or ReturnForm(),
        "form": form,
        "refusal": refusal,
        "may_edit": found.status == QuestionnaireDraft.Status.DRAFT,
    }
    return render(request, "staff/questionnaires/draft.html", context, status=422 if refusal or form else 200)


def _heavy(request: StaffRequest, document: Document, language: str) -> list[tuple[str, str, int]]:
    """Pages that are too heavy for a cheap telephone, in words, with the language in which they are and their bytes."""
    shaped = judge(document)[1]
    heavy = heavy_pages(request, request.tenant, shaped) if shaped else []
    spoken = shaped.language(language) if shaped else ""
    return [(one.title[spoken], str(language_name(one.language)), one.weight) for one in heavy]


_EMPTY: Document = {"pages": [], "languages": [], "title": {}}
