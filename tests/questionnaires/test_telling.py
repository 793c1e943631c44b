"""The whole answer in words, for staff who read it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from questionnaires.models import Questionnaire, QuestionnaireVersion, Response
from questionnaires.shaping import parse
from questionnaires.telling import ToldAnswer, told
from tenants.models import Tenant
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import file_customer

ASKED: dict[str, Any] = document(
    page("first", question("note", "information"), question("phone", "tel", maps_to="phone"), block=True),
    page(
        "second",
        question("funds", "checkboxes", choices="funds"),
        question("income", "band", bands=[0, 3_000_000]),
        question("health", "text", sensitivity="sensitive"),
        question("remarks", "paragraph"),
    ),
    page("third", question("gone", "yes_no"), show_if={">": [{"var": "income"}, 0]}),
)
ANSWERS = {
    "note": True,
    "phone": "090-1234-5678",
    "funds": ["salary", "other"],
    "funds_more": "家賃収入",
    "income": 0,
    "health": "療養中",
    "remarks": None,
    "gone": True,
}


@pytest.fixture
def response(in_tenant: Tenant, now: datetime) -> Iterator[Response]:
    with transaction.atomic():
        version = QuestionnaireVersion.objects.create(
            questionnaire=Questionnaire.objects.create(key="example", audience="INDIVIDUAL", name="例", name_en="An"),
            number=1,
            document=ASKED,
            sha256=parse(ASKED).digest,
            published_at=now,
        )
        yield Response(customer=file_customer(), version=version, answers=ANSWERS, confirmed_pages=["first"])


def words_of(response: Response, **how: bool) -> dict[str, ToldAnswer]:
    with translation.override("ja"):
        pages = told(response, **{"masked": False, "shows_sensitive": False, **how})
    return {answer.label: answer for page in pages for answer in page.answers}


def test_what_was_answered_is_told_page_by_page_without_what_was_not_asked(response: Response) -> None:
    with translation.override("ja"):
        pages = told(response, masked=False, shows_sensitive=True)
    assert [(page.title, page.is_confirmed) for page in pages] == [("ページ first", True), ("ページ second", False)]
    words = words_of(response, shows_sensitive=True)
    assert words["問い phone"] == ToldAnswer("問い phone", ("090-1234-5678",), is_covered=False, is_on_file=True)
    assert words["問い funds"].words == ("給与", "その他", "家賃収入")
    assert words["問い income"].words == ("300万円未満",)
    assert words["問い remarks"] == ToldAnswer("問い remarks", (), is_covered=False, is_on_file=False)
    assert "問い gone" not in words


def test_a_sensitive_answer_is_covered_until_a_reason_is_given(response: Response) -> None:
    assert words_of(response)["問い health"].is_covered
    assert words_of(response, shows_sensitive=True)["問い health"].words == ("療養中",)


def test_a_masked_role_reads_no_answer_and_sees_which_were_given(response: Response) -> None:
    words = words_of(response, masked=True, shows_sensitive=True)
    assert {label: answer.is_covered for label, answer in words.items()} == {
        "問い phone": True,
        "問い funds": True,
        "問い income": True,
        "問い health": True,
        "問い remarks": False,
    }
    assert not any(answer.words for answer in words.values())
