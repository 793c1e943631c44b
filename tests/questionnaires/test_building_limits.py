"""Large drafts stay quick and short on the page; hostile, wrong and simultaneous entries lose nothing."""

from __future__ import annotations

from html import unescape
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from cdd.demo.drafting import leave_a_draft
from questionnaires.building.differing import changes_between
from questionnaires.building.outlining import MOST_UNFOLDED
from questionnaires.building.parts import question_of
from questionnaires.drafting import approve_draft, begin_draft
from questionnaires.models import Questionnaire, QuestionnaireDraft
from questionnaires.schema import digest_of
from questionnaires.services import publish, publish_standard
from questionnaires.shaping import parse
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.test_building import act, held, post

PAGES, QUESTIONS = 60, 5
# Generous for a loaded machine: what is linear takes a fraction of it, what is quadratic many times as long.
SECONDS = 4.0


def large() -> dict[str, Any]:
    """Sixty pages with five questions each; every page after the first is asked by a condition, and checks one."""
    pages = []
    for number in range(PAGES):
        asked = [question(f"q{number}_{one}", "yes_no" if one == 0 else "amount") for one in range(QUESTIONS)]
        check = {"holds": {">": [{"var": f"q{number}_1"}, 0]}, "at": f"q{number}_1", "message": {"ja": "零より大きく"}}
        more = {"show_if": {"===": [{"var": f"q{number - 1}_0"}, True]}} if number else {}
        pages.append(page(f"p{number}", *asked, checks=[check], **more))
    calculated = [{"id": f"sum_{number}", "sum": [f"q{number}_1", f"q{number}_2"]} for number in range(40)]
    return document(*pages, calculated=calculated)


@pytest.fixture
def draft(in_tenant: Tenant, officer: User) -> QuestionnaireDraft:
    """A draft of the large one, which is in force too."""
    with transaction.atomic():
        made = Questionnaire.objects.create(key="large", audience="INDIVIDUAL", name="大", name_en="Large")
    publish({"large": large()}, actor=SYSTEM, now=NOW)
    return begin_draft(questionnaire=made, actor=Actor.user(officer.pk), now=NOW)


@pytest.fixture
def small(in_tenant: Tenant, officer: User) -> QuestionnaireDraft:
    """Two pages."""
    with transaction.atomic():
        made = Questionnaire.objects.create(key="small", audience="INDIVIDUAL", name="小", name_en="Small")
    told = document(page("one", question("a", "yes_no")), page("two", question("b", "text")))
    return begin_draft(questionnaire=made, document=told, actor=Actor.user(officer.pk), now=NOW)


def text(response: Any) -> str:
    return unescape(response.content.decode())


def test_sixty_pages_are_folded_quick_and_ask_no_more_of_the_database_than_two(
    draft: QuestionnaireDraft, small: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    for name in ("draft", "draft-preview", "draft-ways", "draft-words", "draft-uses"):
        counts = []
        for one in (small, draft):
            address = reverse(f"questionnaire-{name}", args=[one.pk])
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                began = perf_counter()
                shown = client.get(address)
                took = perf_counter() - began
            counts.append(len(queries))
            assert shown.status_code == 200
            assert took < SECONDS, f"{name} took {took:.1f} s"
        assert counts[1] <= counts[0] + 1, f"{name}: {counts}"  # one more reads the version in force
    outline = text(client.get(reverse("questionnaire-draft", args=[draft.pk])))
    assert PAGES > MOST_UNFOLDED
    assert outline.count('<details class="outline__fold">') == PAGES
    at = text(client.get(reverse("questionnaire-draft", args=[draft.pk]), {"at": "question-q7_3"}))
    assert at.count('<details class="outline__fold" open>') == 1
    assert 'id="question-q7_3"' in at.split('<details class="outline__fold" open>', 1)[1].split("</details>", 1)[0]
    began = perf_counter()
    saved = act(client, draft, "question-down q7_1")
    assert perf_counter() - began < 2 * SECONDS
    assert saved.redirect_chain[-1][0].endswith("?at=question-q7_1#question-q7_1")


def test_the_difference_of_large_documents_is_found_quickly() -> None:
    before, after = large(), large()
    after["pages"] = after["pages"][::-1]
    began = perf_counter()
    found = changes_between(before, after, "ja")
    assert perf_counter() - began < SECONDS / 3
    assert len(found) == PAGES - 1, "all but one had to move"


def test_two_who_write_the_same_question_see_both_texts(
    small: QuestionnaireDraft, officer: User, tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    first, second = staff_client(english(officer)), staff_client(english(make_user(tenant, Role.OFFICER, "second")))
    stale = str(held(small).revision)
    asked = {"kind": "text", "id": "b"}
    post(first, "questionnaire-draft-question", small, "b", **asked, **{"label-ja": "先の言葉", "label-en": "Theirs"})
    address = reverse("questionnaire-draft-question", args=[small.pk, "b"])
    late = {"revision": stale, **asked, "label-ja": "後の言葉", "label-en": "Mine"}
    refused = second.post(address, late, follow=True)
    shown = text(refused)
    assert refused.status_code == 422
    assert "officer changed this draft after you opened it" in shown
    assert "<del>Theirs</del>" in shown
    assert "<ins>Mine</ins>" in shown
    assert "<del>先の言葉</del>" in shown
    assert question_of(held(small).document, "b")["label"]["ja"] == "先の言葉"  # type: ignore[index]  # it is there, or the test fails
    own = first.post(address, late, follow=True)
    assert "You changed this draft yourself" in text(own)
    same = {**late, "label-ja": "先の言葉", "label-en": "Theirs"}
    assert second.post(address, same).headers["Location"].endswith("#question-b"), "the same again is no conflict"
    assert held(small).revision == int(stale) + 1
    removed = text(act(first, small, "question-remove b"))
    assert "Removed" in removed
    gone = second.post(address, late, follow=True)
    assert gone.status_code == 409
    assert "後の言葉" in text(gone)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("長" * 10_000, "at most 2000 characters"),
        ("ab\u202ecd", "It holds a sign that nobody sees (U+202E)"),
        ("ab\u2067cd", "U+2067"),
        ("ab\ufdd0cd", "U+FDD0"),
        ("ab\x1b[2Jcd", "U+001B"),
    ],
)
def test_words_that_nobody_could_read_are_refused_and_kept_on_the_page(
    label: str, sentence: str, small: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    said = {"kind": "text", "id": "b", "label-ja": label, "hint-ja": "残る言葉"}
    refused = post(client, "questionnaire-draft-question", small, "b", **said)
    assert refused.status_code == 422
    assert sentence in text(refused).split('id="id_label-ja_error"', 1)[1][:400]
    assert "残る言葉" in text(refused)
    assert held(small).revision == 1


@pytest.mark.parametrize(
    "label", ['<script>alert("x")</script>', "{{ 7*7 }}{% url %}", "国籍🇯🇵と👨‍👩‍👧", "Số điện thoại", "नाम"]
)
def test_whatever_words_are_kept_are_shown_as_words(
    label: str, small: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    said = {"kind": "text", "id": "b", "label-ja": label, "label-en": label}
    outline = post(client, "questionnaire-draft-question", small, "b", **said)
    assert outline.status_code == 200
    assert label in text(outline)
    assert "<script>alert" not in outline.content.decode()
    preview = client.get(reverse("questionnaire-draft-preview", args=[small.pk])).content.decode()
    assert "<script>alert" not in preview
    assert parse(held(small).document).languages == ("ja", "en")


def test_a_language_without_any_word_is_told_and_read_in_the_default_one(
    small: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    heading = {"title-ja": "確認", "title-en": "Check", "languages": ["ja", "en", "ne"], "default_language": "ja"}
    client.post(
        reverse("questionnaire-draft-heading", args=[small.pk]), {"revision": str(held(small).revision), **heading}
    )
    assert "Words missing in नेपाली" in text(client.get(reverse("questionnaire-draft", args=[small.pk])))
    spoken = client.post(reverse("questionnaire-draft-preview", args=[small.pk]), {"speak": "ne"})
    assert spoken.status_code == 200
    assert "問い a" in text(spoken)


def test_the_draft_of_the_demonstration_waits_with_something_to_see(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    publish_standard(actor=SYSTEM, now=NOW)
    assert leave_a_draft(officer=Actor.user(officer.pk), now=NOW)
    assert not leave_a_draft(officer=Actor.user(officer.pk), now=NOW), "a demonstration started again"
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.get()
    client = staff_client(english(approver))
    shown = text(client.get(reverse("questionnaire-draft", args=[draft.pk])))
    for words in ("About the money you send abroad", "Check between answers", "sends_much", "Words missing in"):
        assert words in shown
    version = approve_draft(draft=draft, seen_hash=digest_of(draft.document), actor=Actor.user(approver.pk), now=NOW)
    assert version.number == 2
