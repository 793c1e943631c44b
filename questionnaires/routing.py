"""The way through a questionnaire by the answers: pure rules, recomputed each time and never stored."""

from __future__ import annotations

from questionnaires.schema import CHANGED, IS_CHANGED, Answers, Kind, Page, Question, Questionnaire


def route(questionnaire: Questionnaire, answers: Answers) -> list[str]:
    """The pages this person is asked, in order; recomputed from the answers each time, never stored.

    A page whose condition can't be decided yet is shown. Answers on pages off the route count for nothing.
    """
    return [page.id for page in pages_asked(questionnaire, answers)]


def pages_asked(questionnaire: Questionnaire, answers: Answers) -> list[Page]:
    """The pages of the `route`."""
    return _walk(questionnaire, answers)[0]


def answers_on_route(questionnaire: Questionnaire, answers: Answers) -> dict[str, object]:
    """The answers that count: those of the pages this person is really asked, and on what they differ from the file."""
    shown, _ = _walk(questionnaire, answers)
    fields = {field for page in shown for field in page.fields}
    counted = {field: value for field, value in answers.items() if field in fields}
    if CHANGED in answers:
        counted[CHANGED] = [field for field in changed_in(answers) if field in fields]
    return counted


def worked_out(questionnaire: Questionnaire, answers: Answers) -> dict[str, object]:
    """The calculated values by their ids, of the answers that count; None where an answer is missing."""
    known = _walk(questionnaire, answers)[1]
    return {one.id: known.get(one.id) for one in questionnaire.calculated}


def facts_answered(questionnaire: Questionnaire, answers: Answers) -> dict[str, object]:
    """What the answers that count say of the customer, by fact; None where a question was left blank."""
    shown, known = _walk(questionnaire, answers)
    said = {
        fact: answers.get(field)
        for page in shown
        for question in page.questions
        for field, fact in question.facts.items()
        if fact and field in answers
    }
    worked = {one.fact: known.get(one.id) for one in questionnaire.calculated if one.fact}
    return said | {fact: value for fact, value in worked.items() if value is not None}


def changed_in(answers: Answers) -> list[str]:
    """The fields on which the answers differ from the file, as far as that was noted."""
    noted = answers.get(CHANGED)
    return [str(field) for field in noted] if isinstance(noted, list) else []


def identity_check_in(questionnaire: Questionnaire, answers: Answers) -> Question | None:
    """The question by which answers demand that identity is verified; None where they do not."""
    asked = (question for question in questionnaire.questions() if question.kind is Kind.EKYC)
    return next((question for question in asked if answers.get(question.id)), None)


def files_among(questionnaire: Questionnaire, answers: Answers) -> set[str]:
    """The ids of the files that were handed in with answers."""
    asked = (answers.get(question.id) for question in questionnaire.questions() if question.kind is Kind.FILE)
    return {str(file["id"]) for answer in asked for file in files_in(answer)}


def files_in(answer: object) -> list[dict[str, object]]:
    """The files of an answer; whatever else was stored counts for nothing."""
    return [file for file in answer if isinstance(file, dict) and "id" in file] if isinstance(answer, list) else []


def next_page(questionnaire: Questionnaire, answers: Answers) -> str | None:
    """The first page still to be answered; None when all are."""
    return next((page.id for page in _walk(questionnaire, answers)[0] if not page.is_answered(answers)), None)


def may_visit(questionnaire: Questionnaire, answers: Answers, page_id: str) -> bool:
    """Whether a page is on the route and everything before it is answered."""
    for page in _walk(questionnaire, answers)[0]:
        if page.id == page_id:
            return True
        if not page.is_answered(answers):
            return False
    return False


def _walk(questionnaire: Questionnaire, answers: Answers) -> tuple[list[Page], dict[str, object]]:
    """The pages that are asked, and what conditions know after the last of them."""
    changed = set(changed_in(answers))
    known: dict[str, object] = {}
    shown = []
    for page in questionnaire.pages:
        if page.show_if and page.show_if.holds(known) is False:
            continue
        shown.append(page)
        for name in page.fields:
            if name in answers:
                known[name] = answers[name]
                known[IS_CHANGED + name] = name in changed
        for one in questionnaire.calculated:
            known[one.id] = one.of(known)
    return shown, known
