"""Takes over, piece by piece, what another document says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from enum import StrEnum
from typing import Any

from questionnaires.building.differing import Change, What, changes_between, paired
from questionnaires.building.editing import remove_calculated, remove_choices, write_calculated, write_choices
from questionnaires.building.parts import Document, Part, calculated_of, check_key, page_of, page_with, question_of

_PAGE = ("title", "why", "block", "show_if")


def pieces_between(document: Document, source: Document, language: str) -> list[Change]:
    """What ``source`` says otherwise, each of which can be taken over. A document keeps the name it has."""
    return changes_between(document, _named_as(document, source), language)


class Whose(StrEnum):
    """Who said something otherwise than the state of a template that a document began as."""

    NEWS = "news"  # the template alone
    CONFLICT = "conflict"  # both, and not alike
    OWN = "own"  # the document alone


def whose_pieces(document: Document, source: Document, base: Document, language: str) -> dict[Whose, list[Change]]:
    """As `pieces_between`, told apart by ``base``: the state of ``source`` that the document began as.

    Where it stands and what it says are apart: who moved a question has not changed it. Checks of pages are told by
    what they say, so those of one side are told apart from the other's as a whole.
    """
    theirs = set(map(_aspect, pieces_between(base, source, language)))
    ours = set(map(_aspect, pieces_between(base, document, language)))
    found: dict[Whose, list[Change]] = {whose: [] for whose in Whose}
    for change in pieces_between(document, source, language):
        aspect = _aspect(change)
        is_new = aspect in theirs
        found[Whose.OWN if not is_new else Whose.CONFLICT if aspect in ours else Whose.NEWS].append(change)
    return found


def _aspect(change: Change) -> tuple[str, str, bool]:
    return change.subject, "" if change.subject == "check" else change.id, change.what is What.MOVED


def taken(document: Document, source: Document, wanted: Collection[str]) -> Part:
    """The document with the changes of these keys. A page comes with its questions, a question with its choices."""
    goal = _named_as(document, source)
    made = deepcopy(dict(document))
    # What is taken out goes first, so that what comes in finds its name free.
    changes = sorted(changes_between(document, goal, "ja"), key=lambda change: change.what is not What.REMOVED)
    for change in changes:
        if change.key in wanted:
            made = _TAKERS[change.subject](made, goal, change)
    return made


def _named_as(document: Document, source: Document) -> Part:
    return {**source, "id": document["id"]}


def _document(made: Part, goal: Document, _change: Change) -> Part:
    return made | {key: deepcopy(goal[key]) for key in ("title", "languages", "default_language")}


def _page(made: Part, goal: Document, change: Change) -> Part:
    theirs, ours = page_of(goal, change.id), page_of(made, change.id)
    if change.what is What.REMOVED:
        return {**made, "pages": [page for page in made["pages"] if page["id"] != change.id]}
    assert theirs is not None
    if ours is None:
        known = {asked["id"] for page in made["pages"] for asked in page["questions"]}
        new = {**deepcopy(theirs), "questions": [one for one in theirs["questions"] if one["id"] not in known]}
        return _with_choices(_placed(made, "pages", new, goal["pages"]), goal, new["questions"])
    if change.what is What.MOVED:
        return _placed(made, "pages", ours, goal["pages"])
    for key in _PAGE:
        ours.pop(key, None)
    ours |= {key: deepcopy(theirs[key]) for key in _PAGE if key in theirs}
    order = [check_key(one) for one in theirs.get("checks", ())]
    if "checks" in ours:
        ours["checks"].sort(key=lambda one: _rank(check_key(one), order))
    return made


def _question(made: Part, goal: Document, change: Change) -> Part:
    home = page_with(made, change.id)
    if change.what is What.REMOVED:
        if home:
            home["questions"] = [one for one in home["questions"] if one["id"] != change.id]
        return made
    theirs, place = question_of(goal, change.id), page_with(goal, change.id)
    assert theirs is not None
    assert place is not None
    if home is not None and change.what is What.CHANGED:
        at = [one["id"] for one in home["questions"]].index(change.id)
        home["questions"][at] = deepcopy(theirs)
        return _with_choices(made, goal, [theirs])
    ours = question_of(made, change.id) or deepcopy(theirs)
    if page_of(made, place["id"]) is None:
        made = _placed(made, "pages", {**deepcopy(place), "questions": []}, goal["pages"])
    if home is not None:
        home["questions"].remove(ours)
    target = page_of(made, place["id"])
    assert target is not None
    _placed(target, "questions", ours, place["questions"])
    return _with_choices(made, goal, [ours])


def _check(made: Part, goal: Document, change: Change) -> Part:
    for page in made["pages"]:
        theirs = page_of(goal, page["id"]) or {}
        ours: list[Part] = page.get("checks", [])
        pairs = paired(ours, theirs.get("checks", []))
        new = next((one for one in theirs.get("checks", ()) if check_key(one) == change.id), None)
        if change.what is What.REMOVED:
            ours[:] = [one for one in ours if check_key(one) != change.id or check_key(one) in pairs]
        elif new is not None:
            earlier = pairs.get(change.id)
            page["checks"] = [deepcopy(new) if one == earlier else one for one in ours]
            if earlier is None:
                page["checks"].append(deepcopy(new))
        if "checks" in page and not page["checks"]:
            del page["checks"]
    return made


def _choices(made: Part, goal: Document, change: Change) -> Part:
    if change.what is What.REMOVED:
        return _with_origin(remove_choices(made, change.id), goal, change.id)
    return _with_origin(write_choices(made, change.id, goal["choice_lists"][change.id]), goal, change.id)


def _calculated(made: Part, goal: Document, change: Change) -> Part:
    if change.what is What.REMOVED:
        return remove_calculated(made, change.id)
    theirs = calculated_of(goal, change.id)
    if change.what is not What.MOVED:
        return write_calculated(made, change.id if calculated_of(made, change.id) else "", theirs)
    order = [one["id"] for one in goal["calculated"]]
    return {**made, "calculated": sorted(made["calculated"], key=lambda one: _rank(one["id"], order))}


_TAKERS: Mapping[str, Callable[[Part, Document, Change], Part]] = {
    "document": _document,
    "page": _page,
    "question": _question,
    "check": _check,
    "choices": _choices,
    "calculated": _calculated,
}


def _with_choices(made: Part, goal: Document, questions: Sequence[Mapping[str, Any]]) -> Part:
    """With the lists that the questions offer and the document does not have yet."""
    for name in filter(None, (one.get("choices") for one in questions)):
        if name not in made.get("choice_lists", {}) and name in goal.get("choice_lists", {}):
            made = _with_origin(write_choices(made, name, goal["choice_lists"][name]), goal, name)
    return made


def _with_origin(made: Part, goal: Document, name: str) -> Part:
    """From which list of the institution the choices were taken, as the other document says."""
    origins = {key: value for key, value in made.get("lists", {}).items() if key != name}
    if name in goal.get("lists", {}):
        origins[name] = deepcopy(goal["lists"][name])
    others = {key: value for key, value in made.items() if key != "lists"}
    return {**others, "lists": origins} if origins else others


def _placed(made: Part, key: str, part: Part, theirs: Sequence[Part]) -> Part:
    """With the part behind whichever of those before it in the other document stands last in this one."""
    parts = [one for one in made[key] if one["id"] != part["id"]]
    order = [one["id"] for one in theirs]
    before = set(order[: order.index(part["id"])])
    at = max((number for number, one in enumerate(parts, start=1) if one["id"] in before), default=0)
    made[key] = [*parts[:at], part, *parts[at:]]
    return made


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)
