"""The six ready questionnaires: whole in every language, walked to the end, and begun with by a tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from audit.services import Actor
from customers.codes import INDUSTRIES, OCCUPATIONS, PURPOSES
from customers.facts.catalogue import FACTS
from questionnaires import standard
from questionnaires.building.editing import remove_page, remove_question, write_question
from questionnaires.building.parts import page_of as part_of
from questionnaires.building.parts import question_of
from questionnaires.building.taking import Whose, whose_pieces
from questionnaires.drafting import DraftRefused, approve_draft, begin_questionnaire, propose_draft
from questionnaires.mapping import problems_of
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.ready.services import origin_of, told_apart
from questionnaires.routing import next_page, route
from questionnaires.schema import CHANGED, Kind, Page, Question, digest_of
from questionnaires.services import publish_standard
from questionnaires.timing import minutes
from questionnaires.xlsform.columns import LANGUAGES as LANGUAGES_OF_ALL
from tenants.models import Tenant, User
from tests.conftest import SYSTEM, SignIn

KEYS = list(standard.READY)
_READING = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")
_KANJI = re.compile(r"[\u4e00-\u9fff々]")
_KANA = re.compile(r"[ぁ-んァ-ヶー・0-9]+")


def texts_of(part: Any) -> Iterator[dict[str, str]]:
    """Every text of a document, by language."""
    if isinstance(part, dict):
        if "ja" in part:
            yield part
        for one in part.values():
            yield from texts_of(one)
    elif isinstance(part, list):
        for one in part:
            yield from texts_of(one)


def said(question: Question, draw: st.DataObject) -> Any:
    """Some answer to a question."""
    match question.kind:
        case Kind.YES_NO:
            return draw.draw(st.booleans())
        case Kind.RADIO:
            return draw.draw(st.sampled_from([choice.value for choice in question.choices]))
        case Kind.CHECKBOXES:
            return [question.choices[0].value]
        case Kind.BAND:
            return question.bands[0]
        case Kind.DATE:
            return "2026-11-24"
        case _:
            return "x"


@pytest.mark.parametrize("key", KEYS)
def test_a_ready_questionnaire_is_whole_in_all_seven_languages(key: str) -> None:
    found = standard.questionnaire(key)
    assert set(found.languages) == set(LANGUAGES_OF_ALL)
    assert found.untranslated == ()
    for text in texts_of(standard.document(key)):
        assert set(text) == set(LANGUAGES_OF_ALL), text["ja"]
        assert all(words.strip() == words and words for words in text.values()), text["ja"]


@pytest.mark.parametrize("key", KEYS)
def test_easy_japanese_gives_every_kanji_its_reading(key: str) -> None:
    for text in texts_of(standard.document(key)):
        easy = text["ja-easy"]
        assert not _KANJI.search(_READING.sub("", easy)), easy
        for _kanji, reading in _READING.findall(easy):
            assert _KANA.fullmatch(reading), easy


@pytest.mark.parametrize("key", KEYS)
def test_what_is_answered_can_be_kept_in_the_file(key: str) -> None:
    ready = standard.READY[key]
    assert problems_of(standard.questionnaire(key), ready.audience, FACTS) == []


@pytest.mark.parametrize("key", KEYS)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_answered_leads_to_the_end(key: str, data: st.DataObject) -> None:
    """Each page is asked once, and what a page asks follows from what was said before it."""
    found = standard.questionnaire(key)
    answers: dict[str, Any] = {CHANGED: []}
    seen: list[str] = []
    while (waiting := next_page(found, answers)) is not None:
        assert waiting not in seen
        seen.append(waiting)
        page = found.page(waiting)
        assert page is not None
        if data.draw(st.booleans()):
            answers[CHANGED] = [*answers[CHANGED], *page.fields]
        answers |= {field: said(question, data) for question in page.questions for field in question.fields}
    assert seen == route(found, answers)


def page_of(key: str, name: str) -> Page:
    page = standard.questionnaire(key).page(name)
    assert page is not None
    return page


@pytest.mark.parametrize(
    ("key", "answers", "asked", "not_asked"),
    [
        ("foreign-resident", {"has_applied": False}, {"stay"}, {"application", "card", "tax_country"}),
        (
            "foreign-resident",
            {"has_applied": True, "pays_taxes_abroad": True},
            {"application", "tax_country"},
            {"card"},
        ),
        ("individual", {"nationality": "JP"}, set(), {"stay"}),
        ("foreign-resident", {"nationality": "VN", CHANGED: ["residence_expires_on"]}, {"card"}, set()),
        ("sole-trader", {"works_at_home": True}, set(), {"place_address", "papers"}),
        ("sole-trader", {"works_at_home": False, CHANGED: ["address"]}, {"place_address", "papers"}, set()),
        ("npo", {"activity_area": "local", "sends_abroad": False}, set(), {"activities_abroad", "remittance"}),
        ("npo", {"activity_area": "abroad", "sends_abroad": True}, {"activities_abroad", "remittance"}, set()),
        ("residence-card", {"renewal": "renewed"}, {"new_card", "card"}, {"application", "not_yet", "leaving"}),
        ("residence-card", {"renewal": "not_yet"}, {"not_yet"}, {"new_card", "card", "application"}),
    ],
)
def test_only_what_is_still_needed_is_asked(
    key: str, answers: dict[str, Any], asked: set[str], not_asked: set[str]
) -> None:
    found = standard.questionnaire(key)
    known: dict[str, Any] = {CHANGED: [], **dict.fromkeys((one for page in found.pages for one in page.fields), False)}
    shown = set(route(found, {**known, **answers}))
    assert asked <= shown
    assert not not_asked & shown


@pytest.mark.parametrize("key", KEYS)
def test_the_time_that_is_named_is_short(key: str) -> None:
    """The standard ones are confirmed in a few minutes, and none takes ten."""
    found = standard.questionnaire(key)
    assert 1 <= minutes(found) <= (3 if key in ("individual", "company", "residence-card") else 9)


@pytest.mark.parametrize(
    ("name", "codes"), [("occupations", OCCUPATIONS), ("purposes", PURPOSES), ("industries", INDUSTRIES)]
)
def test_the_lists_are_the_same_wherever_they_are_asked(name: str, codes: Any) -> None:
    offered = [
        [choice["value"] for choice in document["choice_lists"][name]]
        for document in map(standard.document, KEYS)
        if name in document["choice_lists"]
    ]
    assert len(offered) >= 2
    assert all(set(one) == set(codes) for one in offered)


def test_a_tenant_begins_with_a_ready_one_and_two_people_put_it_in_force(
    in_tenant: Tenant, officer: User, approver: User, now: datetime
) -> None:
    with transaction.atomic():
        draft = begin_questionnaire(
            name="在留", name_en="Stay", audience="INDIVIDUAL", document=standard.document("residence-card"),
            template="residence-card", actor=Actor.user(officer.pk), now=now,
        )  # fmt: skip
        propose_draft(draft=draft, revision=1, actor=Actor.user(officer.pk), now=now)
        seen = digest_of(draft.document)
        with pytest.raises(DraftRefused):
            approve_draft(draft=draft, seen_hash=seen, actor=Actor.user(officer.pk), now=now)
        version = approve_draft(draft=draft, seen_hash=seen, actor=Actor.user(approver.pk), now=now)
        assert version.document == standard.document("residence-card")
        assert version.questionnaire.audience == "INDIVIDUAL"
        assert AuditEvent.objects.filter(event="questionnaire.begun").count() == 1


def test_two_may_begin_as_the_same_ready_one(in_tenant: Tenant, officer: User, now: datetime) -> None:
    made = []
    with transaction.atomic():
        for name in ("一", "二"):
            draft = begin_questionnaire(
                name=name, name_en=name, audience="COMPANY", document=standard.document("npo"),
                template="npo", actor=Actor.user(officer.pk), now=now,
            )  # fmt: skip
            made.append(draft.questionnaire.key)
    assert made == ["npo", "npo-2"]


def test_who_may_not_write_begins_nothing(in_tenant: Tenant, auditor: User, now: datetime) -> None:
    with transaction.atomic(), pytest.raises(DraftRefused):
        begin_questionnaire(
            name="x", name_en="x", audience="COMPANY", document=standard.document("npo"), template="npo",
            actor=Actor.user(auditor.pk), now=now,
        )  # fmt: skip


def test_the_pages_show_the_six_and_begin_one(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    officer.language = "en"
    officer.save(update_fields=["language"])
    client = staff_client(officer)
    listed = client.get(reverse("questionnaire-templates")).content.decode()
    for ready in standard.READY.values():
        assert ready.name.en in listed
    for key in KEYS:
        shown = client.get(reverse("questionnaire-template", args=[key]) + "?language=ne")
        assert shown.status_code == 200
        assert standard.questionnaire(key).title["ne"] in shown.content.decode()
    begin = reverse("questionnaire-template-begin", args=["npo"])
    assert client.post(begin, {"name": "", "name_en": "x"}).status_code == 422
    assert client.post(begin, {"name": "団体", "name_en": "Clubs"}).status_code == 302
    with transaction.atomic():
        assert QuestionnaireDraft.objects.get().questionnaire.name_en == "Clubs"
    assert client.get(reverse("questionnaire-template", args=["no-such"])).status_code == 404


def test_a_newer_template_is_told_of_until_somebody_deals_with_it(
    in_tenant: Tenant, officer: User, staff_client: SignIn, now: datetime
) -> None:
    officer.language = "en"
    officer.save(update_fields=["language"])
    client = staff_client(officer)
    address = reverse("questionnaire-template", args=["individual"])
    with transaction.atomic():
        publish_standard(actor=SYSTEM, now=now)
        older = {**standard.document("individual"), "pages": standard.document("individual")["pages"][1:]}
        found = Questionnaire.objects.get(key="individual")
        QuestionnaireVersion.objects.filter(questionnaire=found).update(document=older)
    assert "The template is newer" not in client.get(address).content.decode()
    with transaction.atomic():
        Questionnaire.objects.filter(pk=found.pk).update(template_sha256="0" * 64)
    page = client.get(address).content.decode()
    assert "The template is newer" in page
    assert "What you changed yourselves is among it" in page
    assert 'name="piece" value="added page contact"' in page
    update = reverse("questionnaire-template-update", args=["individual"])
    assert client.post(update, {"questionnaire": found.pk, "act": "draft"}).status_code == 302
    with transaction.atomic():
        assert QuestionnaireDraft.objects.get().document == standard.document("individual")
    assert "The template is newer" not in client.get(address).content.decode()


def test_what_is_new_in_a_template_is_taken_over_piece_by_piece(
    in_tenant: Tenant, officer: User, staff_client: SignIn, now: datetime
) -> None:
    officer.language = "en"
    officer.save(update_fields=["language"])
    client = staff_client(officer)
    template = standard.document("individual")
    with transaction.atomic():
        publish_standard(actor=SYSTEM, now=now)
        found = Questionnaire.objects.get(key="individual")
        ours = write_question(
            remove_question(remove_page(template, "abroad"), "email"),
            "occupation",
            {**(question_of(template, "occupation") or {}), "label": {"ja": "当行の言葉"}},
        )
        QuestionnaireVersion.objects.filter(questionnaire=found).update(document=ours)
        Questionnaire.objects.filter(pk=found.pk).update(template_sha256="0" * 64)
    update = reverse("questionnaire-template-update", args=["individual"])
    nothing = client.post(update, {"questionnaire": found.pk, "act": "pieces"})
    assert nothing.status_code == 422
    assert "Choose what to take over" in nothing.content.decode()
    taken_over = {"questionnaire": found.pk, "act": "pieces", "piece": ["added question email"]}
    shown = client.post(update, taken_over, follow=True)
    assert "It is in the draft" in shown.content.decode()
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.get()
    assert question_of(draft.document, "email") == question_of(template, "email")
    assert question_of(draft.document, "occupation")["label"] == {"ja": "当行の言葉"}  # type: ignore[index]  # it is there, or the test fails
    assert part_of(draft.document, "abroad") is None
    page = client.get(reverse("questionnaire-template", args=["individual"])).content.decode()
    assert "added question email" not in page, "the rest is compared with the draft"
    assert "added page abroad" in page
    client.post(update, {**taken_over, "piece": ["added page abroad"]})
    with transaction.atomic():
        draft.refresh_from_db()
    assert part_of(draft.document, "abroad") == part_of(template, "abroad")
    assert (
        "The template is newer" in client.get(reverse("questionnaire-template", args=["individual"])).content.decode()
    )
    client.post(update, {**taken_over, "piece": ["changed question occupation"]})
    with transaction.atomic():
        draft.refresh_from_db()
    assert draft.document == template
    assert "The template is newer" not in client.get(reverse("questionnaire-templates")).content.decode()


def worded(document: Any, name: str, words: str) -> Any:
    """The document with a question in other words."""
    return write_question(document, name, {**(question_of(document, name) or {}), "label": {"ja": words, "en": words}})


def test_only_what_the_template_changed_is_news_and_what_both_changed_is_named(
    in_tenant: Tenant, officer: User, staff_client: SignIn, now: datetime
) -> None:
    officer.language = "en"
    officer.save(update_fields=["language"])
    client = staff_client(officer)
    template = standard.document("individual")

    was = worded(worded(remove_page(template, "abroad"), "occupation", "前の職業"), "purpose", "前の目的")
    ours = remove_question(worded(worded(was, "occupation", "当行の職業"), "handles_cash", "当行の現金"), "email")
    with transaction.atomic():
        publish_standard(actor=SYSTEM, now=now)
        found = Questionnaire.objects.get(key="individual")
        found.template_sha256, found.template_document = digest_of(was), was
        found.save()
        QuestionnaireVersion.objects.filter(questionnaire=found).update(document=ours)
    told = told_apart(ours, template, was, "en")
    assert {change.key for change in told[Whose.NEWS]} >= {"added page abroad", "changed question purpose"}
    assert [change.key for change in told[Whose.CONFLICT]] == ["changed question occupation"]
    assert {change.key for change in told[Whose.OWN]} == {"added question email", "changed question handles_cash"}
    address = reverse("questionnaire-template", args=["individual"])
    page = client.get(address).content.decode()
    assert "Changed by you and in the template" in page
    assert "2 differences are changes of your own and stay" in page
    assert "What you changed yourselves is among it" not in page
    assert 'value="added question email"' not in page, "nothing of it is offered"
    update = reverse("questionnaire-template-update", args=["individual"])
    assert client.post(update, {"questionnaire": found.pk, "act": "draft"}).status_code == 302
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.get()
    assert part_of(draft.document, "abroad") == part_of(template, "abroad")
    assert question_of(draft.document, "purpose") == question_of(template, "purpose")
    assert question_of(draft.document, "email") is None, "what was taken out here stays out"
    labels = {name: (question_of(draft.document, name) or {})["label"]["ja"] for name in ("occupation", "handles_cash")}
    assert labels == {"occupation": "当行の職業", "handles_cash": "当行の現金"}
    page = client.get(address).content.decode()
    assert "The template is newer" in page, "the conflict is left"
    taken_over = {"questionnaire": found.pk, "act": "pieces", "piece": ["changed question occupation"]}
    client.post(update, taken_over)
    with transaction.atomic():
        draft.refresh_from_db()
        found.refresh_from_db()
    assert question_of(draft.document, "occupation") == question_of(template, "occupation")
    assert "The template is newer" not in client.get(address).content.decode()
    assert (found.template_document, found.template_sha256) == (template, standard.questionnaire("individual").digest)


def test_who_moved_a_question_has_not_changed_it() -> None:
    base = standard.document("individual")
    page = next(page for page in base["pages"] if len(page["questions"]) > 1)
    first = page["questions"][0]["id"]
    ours, source = deepcopy(base), deepcopy(base)
    moved = next(one for one in ours["pages"] if one["id"] == page["id"])["questions"]
    moved.append(moved.pop(0))
    changed = question_of(source, first)
    assert changed is not None
    changed["label"] = {**changed["label"], "ja": "新しい問い"}
    told = whose_pieces(ours, source, base, "ja")
    assert [change.key for change in told[Whose.NEWS]] == [f"changed question {first}"]
    assert told[Whose.CONFLICT] == []
    assert all(change.what == "moved" for change in told[Whose.OWN])


def test_a_questionnaire_keeps_the_state_of_the_template_that_it_began_as(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    begin = reverse("questionnaire-template-begin", args=["npo"])
    assert staff_client(officer).post(begin, {"name": "団体", "name_en": "Clubs"}).status_code == 302
    with transaction.atomic():
        made = Questionnaire.objects.get()
    assert origin_of(made) == standard.document("npo")
    made.template_sha256 = "0" * 64
    assert origin_of(made) is None, "what was kept of another state is no origin"
