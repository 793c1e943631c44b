"""A published version as customers see it: all of its pages beside each other, or walked through."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from questionnaires.building.naming import language_name
from questionnaires.building.readout import check_sentence, sentence_of, value_sentence
from questionnaires.building.rehearsing import Rehearsal
from questionnaires.building.views.walking import common_to_customers, customers_page, walk_through
from questionnaires.marking import tag
from questionnaires.models import QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire, Questionnaire
from questionnaires.selectors import questionnaire_of
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@dataclass(frozen=True, slots=True)
class Shown:
    """One page: as the customer sees it, and in the reader's words when it is asked and what is checked."""

    number: int
    html: str
    when: str
    checks: tuple[str, ...]
    is_block: bool


@require_GET
@requires(Permission.VIEW_TASKS)
def version(request: StaffRequest, questionnaire_id: UUID, version: int) -> HttpResponse:
    """Every page of a version, in the language of ``language``; to be read and printed."""
    found = _find(questionnaire_id, version)
    try:
        questionnaire = questionnaire_of(found)
    except InvalidQuestionnaire:
        return _unreadable(request, found)
    language = questionnaire.language(request.GET.get("language") or get_language() or "ja")
    reading = get_language() or "ja"
    context = {
        **common_to_customers(request.tenant, reading),
        **_about(found),
        "spoken": language,
        "spoken_tag": tag(language),
        "spoken_in": [(one, language_name(one)) for one in questionnaire.languages],
        "shown": [
            Shown(
                number,
                _page_html(request, questionnaire, page["id"], language),
                sentence_of(page["show_if"], found.document, reading) if "show_if" in page else "",
                tuple(check_sentence(one, found.document, reading) for one in page.get("checks", ())),
                bool(page.get("block")),
            )
            for number, page in enumerate(found.document["pages"], start=1)
        ],
        "calculated": [
            (one["id"], value_sentence(one, found.document, reading)) for one in found.document.get("calculated", ())
        ],
    }
    return render(request, "staff/questionnaires/version.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_TASKS)
def walk(request: StaffRequest, questionnaire_id: UUID, version: int) -> HttpResponse:
    """A version as customers meet it on a telephone, page after page. Nothing is stored."""
    found = _find(questionnaire_id, version)
    try:
        questionnaire = questionnaire_of(found)
    except InvalidQuestionnaire:
        return _unreadable(request, found)
    arguments = [found.questionnaire_id, found.number]
    return walk_through(
        request,
        questionnaire,
        address=reverse("questionnaire-version-walk", args=arguments),
        back=reverse("questionnaire-version", args=arguments),
        words=_("All pages of this version"),
    )


def _page_html(request: StaffRequest, questionnaire: Questionnaire, page_id: str, language: str) -> str:
    """What the customer's browser is sent between the head and the foot."""
    page = questionnaire.page(page_id)
    with translation.override(language):
        context = customers_page(request.tenant, Rehearsal(questionnaire, page_id), page, language, {}, {}, 0)
        return render_to_string("staff/questionnaires/version_page.html", context)


def _unreadable(request: StaffRequest, found: QuestionnaireVersion) -> HttpResponse:
    return render(request, "staff/questionnaires/version_unreadable.html", _about(found), status=200)


def _find(questionnaire_id: UUID, number: int) -> QuestionnaireVersion:
    rows = QuestionnaireVersion.objects.select_related("questionnaire")
    found: QuestionnaireVersion = get_object_or_404(rows, questionnaire_id=questionnaire_id, number=number)
    return found


def _about(found: QuestionnaireVersion) -> dict[str, object]:
    return {"version": found, "name": found.questionnaire.name_in(get_language() or "ja")}
