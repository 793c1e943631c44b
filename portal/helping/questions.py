"""What customers read: the product's questions and answers with the institution's own words in their place."""

from __future__ import annotations

from django.utils.translation import get_language

from outreach.faq.selectors import Shown, shown_questions
from outreach.faq.standard import AUDIENCES, PERSON, QUESTIONS, TOPICS
from questionnaires.marking import in_language
from tenants.models import Tenant
from tenants.scoping import tenant_scope

__all__ = ["AUDIENCES", "PERSON", "QUESTIONS", "TOPICS", "questions_of", "questions_shown"]


def questions_of(topic: str, audience: str, *, tenant: Tenant) -> list[tuple[str, str, str]]:
    """The code, the question and the answer of each that comes with the product, in the language of the page."""
    places = {"phone": tenant.phone}
    return [
        (one.code, str(one.ask), str(one.answer) % places)
        for one in QUESTIONS
        if one.topic == topic and audience in one.audiences
    ]


def questions_shown(topic: str, audience: str, *, tenant: Tenant) -> list[tuple[str, str, str]]:
    """As `questions_of`, with what the institution added, worded itself, moved or hid. One query."""
    with tenant_scope(tenant.pk):
        found = shown_questions(topic, audience, language=get_language() or "ja", phone=tenant.phone)
    return [(one.code, *_marked(one)) for one in found]


def _marked(one: Shown) -> tuple[str, str]:
    return in_language(one.ask, one.language), in_language(one.answer, one.language)
