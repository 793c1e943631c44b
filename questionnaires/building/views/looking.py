"""Ways to look at a draft: as a customer on a telephone, as a map, by missing words, by what uses the answers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from questionnaires.building.missing import by_language
from questionnaires.building.naming import language_name, part_name
from questionnaires.building.overview import uses_of
from questionnaires.building.parts import name_of, page_of, question_of
from questionnaires.building.views.catalogue import find_draft
from questionnaires.building.views.walking import walk_through
from questionnaires.building.ways import stops_of, unreachable
from questionnaires.faults import judge
from questionnaires.models import QuestionnaireDraft
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires

_ROW, _BOX, _WIDTH = 64, 40, 360


@require_GET
@requires(Permission.VIEW_IMPORTS)
def ways(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The map of pages, drawn and as a table; pages that no answer leads to are named."""
    found = find_draft(questionnaire_draft_id)
    language = get_language() or "ja"
    stops = stops_of(found.document, language, end=_("Check of the answers"))
    shaped = judge(found.document)[1]
    never = [] if shaped is None else unreachable(shaped)
    boxes = [
        {"stop": stop, "y": _ROW * at, "text_y": _ROW * at + 25, "is_never": stop.id in never}
        for at, stop in enumerate(stops)
    ]
    arcs = [
        {"path": _arc(stop.number - 1, step.number - 1), "is_conditional": bool(step.when)}
        for stop in stops
        for step in stop.steps
    ]
    pages = [name_of(page, language) for name in never if (page := page_of(found.document, name))]
    context = {
        **_about(found),
        "stops": stops,
        "boxes": boxes,
        "arcs": arcs,
        "end_y": _ROW * len(stops),
        "end_text_y": _ROW * len(stops) + 25,
        "height": _ROW * len(stops) + _BOX + 8,
        "never": pages,
        "never_ids": never,
        "is_judged": shaped is not None,
    }
    return render(request, "staff/questionnaires/ways.html", context)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def words(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """What is not translated, by language, with the way to each place."""
    found = find_draft(questionnaire_draft_id)
    language = get_language() or "ja"
    rows = []
    for code, ones in by_language(found.document).items():
        told = []
        for one in ones:
            part = question_of(found.document, one.question) or page_of(found.document, one.page)
            told.append((one, name_of(part, language) if part else one.choices, part_name(one.part)))
        rows.append((code, language_name(code), told))
    return render(request, "staff/questionnaires/words.html", {**_about(found), "rows": rows})


@require_GET
@requires(Permission.VIEW_IMPORTS)
def uses(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """What becomes of each answer: the customer file, the risk policy, filters, return files."""
    found = find_draft(questionnaire_draft_id)
    context = {**_about(found), "uses": uses_of(found.document, get_language() or "ja")}
    return render(request, "staff/questionnaires/uses.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_IMPORTS)
def preview(request: StaffRequest, questionnaire_draft_id: UUID) -> HttpResponse:
    """The draft as customers would meet it on a telephone. Answers travel with the page and are stored nowhere."""
    found = find_draft(questionnaire_draft_id)
    shaped = judge(found.document)[1]
    if shaped is None:
        return render(request, "staff/questionnaires/preview_not_yet.html", _about(found))
    address = reverse("questionnaire-draft-preview", args=[found.pk])
    back = reverse("questionnaire-draft", args=[found.pk])
    return walk_through(request, shaped, address=address, back=back, words=_("Back to the draft"))


def _arc(start: int, goal: int) -> str:
    """From a box to the next below, or past others around their right side."""
    if goal == start + 1:
        return f"M40 {_ROW * start + _BOX} V{_ROW * goal - 2}"
    out = min(_WIDTH + 24 + 14 * (goal - start), _WIDTH + 150)
    top, bottom = _ROW * start + _BOX / 2, _ROW * goal + 10
    return f"M{_WIDTH} {top:g} C{out} {top:g} {out} {bottom:g} {_WIDTH + 4} {bottom:g}"


def _about(found: QuestionnaireDraft) -> dict[str, object]:
    return {"draft": found, "name": found.questionnaire.name_in(get_language() or "ja")}
