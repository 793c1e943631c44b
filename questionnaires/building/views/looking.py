"""Ways to look at a draft: as a customer on a telephone, as a map, by missing words, by what uses the answers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from questionnaires.answering import Errors
from questionnaires.building.missing import by_language
from questionnaires.building.naming import language_name, part_name
from questionnaires.building.overview import uses_of
from questionnaires.building.parts import name_of, page_of, question_of
from questionnaires.building.rehearsing import Rehearsal, answered, gone_back, resumed
from questionnaires.building.views.catalogue import find_draft
from questionnaires.building.ways import stops_of, unreachable
from questionnaires.faults import faults_of
from questionnaires.models import QuestionnaireDraft
from questionnaires.schema import Kind, Page
from questionnaires.shaping import parse
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
    never = [] if faults_of(found.document) else unreachable(parse(found.document))
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
        "is_judged": not faults_of(found.document),
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
    if faults_of(found.document):
        return render(request, "staff/questionnaires/preview_not_yet.html", _about(found))
    questionnaire = parse(found.document)
    rehearsal, errors = resumed(questionnaire, request.POST.get("state", "")), Errors()
    wanted = request.POST.get("speak") or request.POST.get("spoken") or questionnaire.default_language
    language = questionnaire.language(wanted)
    action = request.POST.get("action", "")
    extra = 0
    match action:
        case "again" | "file":
            rehearsal = Rehearsal(questionnaire, questionnaire.pages[0].id, has_file=action == "file")
        case "back":
            rehearsal = gone_back(rehearsal)
        case "add":
            extra = 1
        case "continue" | "unchanged":
            with translation.override(language):
                rehearsal, errors = answered(
                    rehearsal, request.POST.dict(), is_unchanged=action == "unchanged", today=timezone.localdate()
                )
    data = request.POST.dict() if errors or extra else {}
    context = {**_about(found), "rehearsal": rehearsal}
    context["carried"] = {"state": rehearsal.state, "spoken": language}
    context["spoken"], context["spoken_in"] = language, [(one, language_name(one)) for one in questionnaire.languages]
    with translation.override(language):
        page = questionnaire.page(rehearsal.page)
        context |= _customers_page(request, rehearsal, page, language, data, errors, extra)
        template = "preview.html" if page else "preview_end.html"
        return render(request, f"staff/questionnaires/{template}", context, status=422 if errors else 200)


def _customers_page(
    request: StaffRequest,
    rehearsal: Rehearsal,
    page: Page | None,
    language: str,
    data: dict[str, str],
    errors: Errors,
    extra: int,
) -> dict[str, object]:
    """What the customer's own template asks for."""
    writer = rehearsal.writer(language, errors)
    tenant = request.tenant
    common = {"language": language, "lang": {"ja-easy": "ja"}.get(language, language), "size": "m", "tenant": tenant}
    common["bank"] = tenant.name if language.startswith("ja") else tenant.name_en
    if page is None:
        pages = [rehearsal.questionnaire.page(name) for name in rehearsal.route]
        return {**common, "answers": [row for one in pages if one for row in writer.answers(one)]}
    sitting, data = rehearsal.sitting, data or writer.typed(page)
    blocks = {one.id: one.block for one in rehearsal.questionnaire.pages}
    alike = [name for name in rehearsal.route if blocks[name] is page.block]
    return {
        **common,
        "page": page,
        "title": writer.words(page.title),
        "why": writer.words(page.why),
        "fields": writer.fields(page, data, extra_people=extra),
        "errors": writer.error_list(page),
        "record": writer.record(page),
        "is_whole": bool(sitting.known(page)),
        "is_open": bool(data),
        "is_change_open": any(name in errors or data.get(name) for name in sitting.held(page)),
        "can_add": any(question.kind is Kind.PEOPLE for question in page.questions),
        "position": alike.index(page.id) + 1,
        "total": len(alike),
    }


def _arc(start: int, goal: int) -> str:
    """From a box to the next below, or past others around their right side."""
    if goal == start + 1:
        return f"M40 {_ROW * start + _BOX} V{_ROW * goal - 2}"
    out = min(_WIDTH + 24 + 14 * (goal - start), _WIDTH + 150)
    top, bottom = _ROW * start + _BOX / 2, _ROW * goal + 10
    return f"M{_WIDTH} {top:g} C{out} {top:g} {out} {bottom:g} {_WIDTH + 4} {bottom:g}"


def _about(found: QuestionnaireDraft) -> dict[str, object]:
    return {"draft": found, "name": found.questionnaire.name_in(get_language() or "ja")}
