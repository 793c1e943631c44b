"""Pages of a questionnaire as customers meet them, with the customers' own templates; nothing is stored."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from questionnaires.answering import Errors
from questionnaires.branding.sheets import address_of
from questionnaires.building.naming import language_name
from questionnaires.building.rehearsing import Rehearsal, answered, gone_back, resumed
from questionnaires.marking import tag
from questionnaires.schema import Kind, Page, Questionnaire
from tenants.middleware import StaffRequest
from tenants.models import Tenant


def walk_through(
    request: StaffRequest, questionnaire: Questionnaire, *, address: str, back: str, words: str
) -> HttpResponse:
    """One page after the other, with answers that travel along. ``back`` with ``words``: the way out of it."""
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
    data = request.POST.dict() if errors or extra or action == "find" else {}
    context = {"rehearsal": rehearsal, "address": address, "back": back, "back_words": words}
    context["carried"] = {"state": rehearsal.state, "spoken": language}
    context["spoken"], context["spoken_in"] = language, [(one, language_name(one)) for one in questionnaire.languages]
    with translation.override(language):
        page = questionnaire.page(rehearsal.page)
        context |= customers_page(request.tenant, rehearsal, page, language, data, errors, extra)
        template = "preview.html" if page else "preview_end.html"
        return render(request, f"staff/questionnaires/{template}", context, status=422 if errors else 200)


def customers_page(
    tenant: Tenant,
    rehearsal: Rehearsal,
    page: Page | None,
    language: str,
    data: dict[str, str],
    errors: Errors,
    extra: int,
) -> dict[str, object]:
    """What the customer's own template asks for."""
    writer = rehearsal.writer(language, errors)
    common = common_to_customers(tenant, language)
    if page is None:
        return {**common, "answers": [row for one in rehearsal.sitting.pages for row in writer.answers(one)]}
    sitting, data = rehearsal.sitting, data or writer.typed(page)
    alike = [one.id for one in sitting.expected(page) if one.block is page.block]
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
        "has_files": any(question.kind is Kind.FILE for question in page.questions),
        "can_add": any(question.kind is Kind.PEOPLE for question in page.questions),
        "position": alike.index(page.id) + 1,
        "total": len(alike),
    }


def common_to_customers(tenant: Tenant, language: str) -> dict[str, object]:
    """What the frame of every customer's page asks for."""
    bank = tenant.name if language.startswith("ja") else tenant.name_en
    sheet = address_of(tenant.brand_colour, tenant.brand_words)
    common = {"language": language, "lang": tag(language), "size": "m", "tenant_css": sheet}
    return {**common, "tenant": tenant, "bank": bank}
