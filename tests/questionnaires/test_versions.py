"""A published version as pages: read, walked through and printed, and reached from the list and from a case."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from questionnaires import standard
from questionnaires.building.editing import write_check
from questionnaires.drafting import approve_draft, begin_draft, propose_draft
from questionnaires.models import Questionnaire, QuestionnaireVersion, Response
from questionnaires.schema import digest_of
from questionnaires.services import publish, publish_standard
from reviews.models import Case
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.questionnaires.documents import EVERYTHING
from tests.questionnaires.test_building import _state

CHECK: dict[str, Any] = {
    "holds": {"<": [{"var": "monthly"}, 1_000_000]},
    "at": "yearly",
    "message": {"ja": "大きすぎます", "en": "Too large"},
}


@pytest.fixture
def everything(in_tenant: Tenant) -> Questionnaire:
    """Every kind of question in force, with a check."""
    with transaction.atomic():
        made: Questionnaire = Questionnaire.objects.create(
            key="example", audience="INDIVIDUAL", name="例", name_en="Example"
        )
    publish({"example": write_check(EVERYTHING, "money", "", CHECK)}, actor=SYSTEM, now=NOW)
    return made


def text(response: Any) -> str:
    return unescape(response.content.decode())


def test_every_page_of_a_version_is_shown_as_the_customer_sees_it(
    everything: Questionnaire, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    listing = text(client.get(reverse("questionnaire", args=[everything.pk])))
    address = reverse("questionnaire-version", args=[everything.pk, 1])
    assert f'href="{address}"' in listing
    shown = client.get(address)
    page = text(shown)
    assert shown.status_code == 200
    assert page.count('class="version__phone"') == len(EVERYTHING["pages"])
    for name in ("monthly", "moved_on", "officers", "is_true", "nickname"):
        assert f"Question {name}" in page
    assert "Asked when: “Question handles_cash” is “Yes” and “Question funds” includes “Salary”" in page
    assert "Unless “Question monthly” is less than 1,000,000 yen, the customer stops" in page
    assert "The sum of “Question monthly”, “Question yearly”" in page
    assert "<script" not in page
    assert 'style="' not in page
    japanese = text(client.get(address, {"language": "ja"}))
    assert "問い monthly" in japanese
    assert "Asked when" in japanese, "the words about it stay the reader's"
    assert 'lang="ja"' in japanese
    assert text(client.get(address, {"language": "vi"})).count("Question monthly") == page.count("Question monthly")


def test_a_version_is_walked_through_in_any_language_and_nothing_is_stored(
    everything: Questionnaire, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    address = reverse("questionnaire-version-walk", args=[everything.pk, 1])
    first = client.get(address).content.decode()
    assert reverse("questionnaire-version", args=[everything.pk, 1]) in first
    second = client.post(address, {"state": _state(first), "action": "continue", "spoken": "en"}).content.decode()
    assert "Question phone" in second
    with transaction.atomic():
        assert Response.objects.count() == 0


def test_an_old_version_stays_readable_beside_the_one_in_force(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    publish_standard(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found: Questionnaire = Questionnaire.objects.get(key="individual")
    changed = {**standard.document("individual"), "title": {"ja": "新しい題", "en": "A new title"}}
    draft = begin_draft(questionnaire=found, document=changed, actor=Actor.user(officer.pk), now=NOW)
    propose_draft(draft=draft, revision=1, actor=Actor.user(officer.pk), now=NOW)
    approve_draft(draft=draft, seen_hash=digest_of(changed), actor=Actor.user(approver.pk), now=NOW)
    client = staff_client(english(approver))
    for number in (1, 2):
        page = text(client.get(reverse("questionnaire-version", args=[found.pk, number]), {"language": "ne"}))
        assert 'lang="ne"' in page
        assert f"Version {number}" in page
    assert client.get(reverse("questionnaire-version", args=[found.pk, 3])).status_code == 404


def test_a_version_that_an_earlier_release_wrote_differently_says_so(
    everything: Questionnaire, officer: User, staff_client: SignIn
) -> None:
    with transaction.atomic():
        document = {**EVERYTHING, "id": "old", "layout": "1"}
        old = QuestionnaireVersion.objects.create(
            questionnaire=everything, number=9, document=document, sha256=digest_of(document), published_at=NOW
        )
    client = staff_client(english(officer))
    for name in ("questionnaire-version", "questionnaire-version-walk"):
        shown = client.get(reverse(name, args=[everything.pk, old.number]))
        assert shown.status_code == 200
        assert "written as an earlier release had it" in text(shown)
    client.post(reverse("questionnaire-begin", args=[everything.pk]), {"version": "9"})
    with transaction.atomic():
        draft = everything.drafts.get()
    outline = text(client.get(reverse("questionnaire-draft", args=[draft.pk])))
    assert "to correct before approval" in outline
    assert "Question monthly" in outline
    for name in ("preview", "ways", "words", "uses", "heading"):
        assert client.get(reverse(f"questionnaire-draft-{name}", args=[draft.pk])).status_code == 200


def test_a_case_leads_to_the_form_that_its_customer_saw(
    in_tenant: Tenant, officer: User, approver: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    open_for_business()
    customer = enter(7)
    notified(officer, approver)
    answer(customer, occupation="executive")
    with transaction.atomic():
        case = Case.objects.select_related("response__version").get(customer=customer)
    version = case.response.version
    address = reverse("questionnaire-version", args=[version.questionnaire_id, version.number])
    client = staff_client(english(officer))
    page = text(client.get(reverse("case", args=[case.pk])))
    assert f'href="{address}?language={case.response.language}"' in page
    assert "The form they saw (version 1)" in page
    contractor = staff_client(make_user(in_tenant, Role.CONTRACTOR, "b0301"))
    shown = contractor.get(address)
    assert shown.status_code == 200, "what every customer is shown is no secret to those who call them"
    assert f'href="{reverse("questionnaire", args=[version.questionnaire_id])}"' not in text(shown)


def test_as_many_queries_are_asked_however_many_pages_there_are(
    everything: Questionnaire, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    publish_standard(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        other = Questionnaire.objects.get(key="company")
    counts = []
    for one in (everything, other):
        address = reverse("questionnaire-version", args=[one.pk, 1])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
