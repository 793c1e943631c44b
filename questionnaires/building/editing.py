"""Changes of a document, each a pure function from one document to another; what they leave may still be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.utils.translation import gettext as _

from questionnaires.building.parts import (
    Document,
    EditRefused,
    Part,
    check_key,
    free_name,
    names_taken,
    page_of,
    page_with,
    question_of,
)
from questionnaires.building.renaming import fields_renamed, rename_reads
from questionnaires.schema import Kind
from questionnaires.shaping import CHOSEN

MOST_PAGES, MOST_QUESTIONS, MOST_CHECKS, MOST_CALCULATED = 60, 30, 10, 40
_BANDS = [0, 1_000_000, 3_000_000, 10_000_000]


def add_page(document: Document, *, after: str = "") -> Part:
    """A page without words or questions; after another one, or at the end."""
    changed = _copy(document)
    if len(changed["pages"]) >= MOST_PAGES:
        raise EditRefused(_("A questionnaire has at most %(count)s pages.") % {"count": MOST_PAGES})
    page = {"id": free_name("page", names_taken(changed)), "title": _blank(changed), "why": _blank(changed)}
    changed["pages"].insert(_after(changed["pages"], after), {**page, "questions": []})
    return changed


def duplicate_page(document: Document, page_id: str) -> Part:
    """The same page once more behind it, with answers of its own that are not kept in the customer file."""
    changed = _copy(document)
    if len(changed["pages"]) >= MOST_PAGES:
        raise EditRefused(_("A questionnaire has at most %(count)s pages.") % {"count": MOST_PAGES})
    page = deepcopy(_page(changed, page_id))
    taken = names_taken(changed)
    page["id"] = free_name("page", taken)
    names: dict[str, str] = {}
    for question in page["questions"]:
        name = free_name(question["id"], taken)
        taken.add(name)
        names |= fields_renamed(question["id"], name)
        _make_copy(question, name)
    page.pop("block", None)
    rename_reads(page, names)
    changed["pages"].insert(_after(changed["pages"], page_id), page)
    return changed


def remove_page(document: Document, page_id: str) -> Part:
    """Without the page. What reads its answers is then wrong and says so."""
    changed = _copy(document)
    changed["pages"].remove(_page(changed, page_id))
    return changed


def move_page(document: Document, page_id: str, to: int) -> Part:
    """The page at another place, counted from 0 without it."""
    changed = _copy(document)
    page = _page(changed, page_id)
    changed["pages"].remove(page)
    changed["pages"].insert(max(0, to), page)
    return changed


def write_page(document: Document, page_id: str, part: Mapping[str, Any]) -> Part:
    """The page as ``part`` says, with the questions it has."""
    changed = _copy(document)
    page = _page(changed, page_id)
    _refuse_taken(changed, page_id, part["id"])
    at = changed["pages"].index(page)
    changed["pages"][at] = {**deepcopy(dict(part)), "questions": page["questions"]}
    return changed


def add_question(document: Document, page_id: str, kind: str) -> Part:
    """A question without words at the end of a page, with what its kind cannot be without."""
    changed = _copy(document)
    page = _page(changed, page_id)
    _refuse_full(page)
    name = free_name("question", names_taken(changed) | changed.get("choice_lists", {}).keys())
    question: Part = {"id": name, "kind": str(Kind(kind)), "label": _blank(changed)}
    if kind in CHOSEN:
        question["choices"] = name
        offered = [{"value": f"choice_{number}", "label": _blank(changed)} for number in (1, 2)]
        changed.setdefault("choice_lists", {})[name] = offered
    if kind == Kind.BAND:
        question["bands"] = list(_BANDS)
    page["questions"].append(question)
    return changed


def duplicate_question(document: Document, question_id: str) -> Part:
    """The same question once more behind it; its answer is not kept in the customer file."""
    changed = _copy(document)
    page = _page_with(changed, question_id)
    _refuse_full(page)
    question = deepcopy(_question(changed, question_id))
    _make_copy(question, free_name(question_id, names_taken(changed)))
    page["questions"].insert(_after(page["questions"], question_id), question)
    return changed


def remove_question(document: Document, question_id: str) -> Part:
    """Without the question. What reads its answer is then wrong and says so."""
    changed = _copy(document)
    question = _question(changed, question_id)
    _page_with(changed, question_id)["questions"].remove(question)
    return changed


def move_question(document: Document, question_id: str, page_id: str, to: int) -> Part:
    """The question at another place of its page or of another, counted from 0 without it."""
    changed = _copy(document)
    question, page, goal = _question(changed, question_id), _page_with(changed, question_id), _page(changed, page_id)
    if goal is not page:
        _refuse_full(goal)
    page["questions"].remove(question)
    goal["questions"].insert(max(0, to), question)
    return changed


def write_question(document: Document, question_id: str, part: Mapping[str, Any]) -> Part:
    """The question as ``part`` says; where it has another id now, whatever read it reads that."""
    changed = _copy(document)
    page, question = _page_with(changed, question_id), _question(changed, question_id)
    page["questions"][page["questions"].index(question)] = deepcopy(dict(part))
    if part["id"] != question_id:
        _refuse_taken(document, question_id, part["id"])
        rename_reads(changed, fields_renamed(question_id, part["id"]))
    return changed


def write_choices(document: Document, name: str, choices: Sequence[Mapping[str, Any]]) -> Part:
    """A list of choices, new or anew."""
    changed = _copy(document)
    changed.setdefault("choice_lists", {})[name] = [deepcopy(dict(choice)) for choice in choices]
    return changed


def remove_choices(document: Document, name: str) -> Part:
    """Without a list of choices."""
    changed = _copy(document)
    changed.get("choice_lists", {}).pop(name, None)
    return changed


def write_heading(document: Document, title: Mapping[str, str], languages: Sequence[str], default: str) -> Part:
    """What it is called and in which languages it speaks. Words of a language that is left out are kept."""
    changed = _copy(document)
    kept = [language for language in changed["languages"] if language in languages]
    ordered = [*kept, *(language for language in languages if language not in kept)]
    return {**changed, "title": dict(title), "languages": ordered, "default_language": default}


def write_calculated(document: Document, name: str, part: Mapping[str, Any] | None) -> Part:
    """A calculated value as ``part`` says, new where there is none of this name; without it, if None."""
    changed = _copy(document)
    ones: list[Part] = changed.get("calculated", [])
    at = next((number for number, one in enumerate(ones) if one["id"] == name), len(ones))
    if at == MOST_CALCULATED:
        raise EditRefused(_("A questionnaire has at most %(count)s calculated values.") % {"count": MOST_CALCULATED})
    if part is not None:
        _refuse_taken(changed, name, part["id"])
        if name and part["id"] != name:
            rename_reads(changed, {name: part["id"]})
    ones[at : at + 1] = [] if part is None else [deepcopy(dict(part))]
    changed["calculated"] = ones
    if not ones:
        del changed["calculated"]
    return changed


def move_calculated(document: Document, name: str, by: int) -> Part:
    """A calculated value further up or down in the list."""
    changed = _copy(document)
    _shift(changed.get("calculated", []), lambda one: one["id"] == name, by, _calculated_gone())
    return changed


def remove_calculated(document: Document, name: str) -> Part:
    """Without the calculated value. What reads it is then wrong and says so."""
    if all(one["id"] != name for one in document.get("calculated", ())):
        raise EditRefused(_calculated_gone())
    return write_calculated(document, name, None)


def write_check(document: Document, page_id: str, key: str, part: Mapping[str, Any] | None) -> Part:
    """A check of a page as ``part`` says, new where ``key`` is ""; without it, if None."""
    changed = _copy(document)
    page = _page(changed, page_id)
    checks: list[Part] = page.setdefault("checks", [])
    at = next((number for number, one in enumerate(checks) if check_key(one) == key), len(checks))
    if key and at == len(checks):
        raise EditRefused(_check_gone())
    if at == MOST_CHECKS:
        raise EditRefused(_("A page has at most %(count)s checks.") % {"count": MOST_CHECKS})
    if part is not None and check_key(part) != key and any(check_key(one) == check_key(part) for one in checks):
        raise EditRefused(_("The page has this check already."))
    checks[at : at + 1] = [] if part is None else [deepcopy(dict(part))]
    if not checks:
        del page["checks"]
    return changed


def move_check(document: Document, page_id: str, key: str, by: int) -> Part:
    """A check further up or down on its page: the first that does not hold is told at its question."""
    changed = _copy(document)
    _shift(_page(changed, page_id).get("checks", []), lambda one: check_key(one) == key, by, _check_gone())
    return changed


def _shift(parts: list[Part], is_it: Callable[[Part], bool], by: int, refusal: str) -> None:
    at = next((number for number, one in enumerate(parts) if is_it(one)), None)
    if at is None:
        raise EditRefused(refusal)
    parts.insert(max(0, at + by), parts.pop(at))


def _check_gone() -> str:
    return _("This check is not in the draft any more.")


def _calculated_gone() -> str:
    return _("This calculated value is not in the draft any more.")


def _copy(document: Document) -> Part:
    return deepcopy(dict(document))


def _blank(document: Document) -> dict[str, str]:
    return {document["default_language"]: ""}


def _make_copy(question: Part, name: str) -> None:
    """Under another name, and kept as no fact: two answers cannot both be the file's."""
    question["id"] = name
    question.pop("maps_to", None)
    question.pop("autocomplete", None)


def _after(parts: Sequence[Part], name: str) -> int:
    return next((number + 1 for number, part in enumerate(parts) if part["id"] == name), len(parts))


def _page(document: Document, page_id: str) -> Part:
    page = page_of(document, page_id)
    if page is None:
        raise EditRefused(_("This page is not in the draft any more."))
    return page


def _question(document: Document, question_id: str) -> Part:
    question = question_of(document, question_id)
    if question is None:
        raise EditRefused(_("This question is not in the draft any more."))
    return question


def _page_with(document: Document, question_id: str) -> Part:
    page = page_with(document, question_id)
    if page is None:
        raise EditRefused(_("This question is not in the draft any more."))
    return page


def _refuse_full(page: Part) -> None:
    if len(page["questions"]) >= MOST_QUESTIONS:
        raise EditRefused(_("A page has at most %(count)s questions.") % {"count": MOST_QUESTIONS})


def _refuse_taken(document: Document, old: str, new: str) -> None:
    if new != old and new in names_taken(document):
        raise EditRefused(_("Something else has the id “%(name)s” already.") % {"name": new})
