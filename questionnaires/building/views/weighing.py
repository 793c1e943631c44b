"""How heavy customers' pages are, as their own template draws them, with the style sheets that browsers fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from questionnaires.branding.sheets import recipe, sheet_of
from questionnaires.building.rehearsing import Rehearsal
from questionnaires.building.views.walking import customers_page
from questionnaires.marking import rendered
from questionnaires.schema import Page, Questionnaire, Text
from tenants.models import Tenant

# What the first view of a page may weigh, for a cheap telephone in a bad net.
BUDGET = 40_960
# A page whose own words are fewer bytes than this is far from it, and is not drawn.
_LIGHT = 4_000
_SHEET = re.compile(r'rel="stylesheet" href="/static/([^"?]{1,100}\.css)"')
_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.css$)")  # of a file that browsers may keep


@dataclass(frozen=True, slots=True)
class Heavy:
    """A page that weighs too much: in which language most, and how many bytes."""

    title: Text
    language: str
    weight: int


def heavy_pages(request: HttpRequest, tenant: Tenant, questionnaire: Questionnaire) -> list[Heavy]:
    """The pages that weigh more than `BUDGET` in one of the languages, each in the one in which it weighs most."""
    found = []
    for page in questionnaire.pages:
        drawn = [
            Heavy(page.title, language, weight_of(request, tenant, questionnaire, page, language))
            for language in questionnaire.languages
            if _words(page, language) > _LIGHT
        ]
        heaviest = max(drawn, key=lambda one: one.weight, default=None)
        if heaviest and heaviest.weight > BUDGET:
            found.append(heaviest)
    return found


def weight_of(request: HttpRequest, tenant: Tenant, questionnaire: Questionnaire, page: Page, language: str) -> int:
    """Bytes of one page as a customer first meets it, HTML and style sheets."""
    alone = replace(questionnaire, pages=(replace(page, show_if=None),))  # asked, whatever it is asked of
    with translation.override(language):
        context = customers_page(tenant, Rehearsal(alone, page.id), page, language, {}, {}, 0)
        html = rendered(render_to_string("portal/question.html", context, request))
    look = sheet_of(recipe(tenant.brand_colour, tenant.brand_words)) if tenant.brand_colour else ""
    return len(html.encode()) + len(look) + sum(map(_size_of, _SHEET.findall(html)))


def _words(page: Page, language: str) -> int:
    return sum(len(text[language].encode()) for text in _texts(page) if text)


def _texts(page: Page) -> Iterator[Text]:
    yield page.title
    yield page.why
    for question in page.questions:
        yield question.label
        yield question.hint
        for choice in question.choices:
            yield choice.label


@cache
def _size_of(sheet: str) -> int:
    path = finders.find(_HASH.sub("", sheet))
    return Path(path).stat().st_size if isinstance(path, str) else 0
