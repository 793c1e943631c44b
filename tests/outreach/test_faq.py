"""Questions and answers that an institution adds, words itself, moves or hides; what the law asks for stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from audit.services import Actor
from outreach.faq.models import FaqEntry
from outreach.faq.selectors import shown_questions
from outreach.faq.services import FaqRefused, decide_entry, propose_entry
from outreach.faq.standard import QUESTIONS
from portal.pages import LANGUAGES
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, MakeUser

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:1 }}%(phone)s"


pytestmark = pytest.mark.usefixtures("in_english")


@pytest.fixture
def writers(tenant: Tenant, make_user: MakeUser) -> tuple[User, User]:
    """Who writes, and who lets it through."""
    return make_user(tenant, Role.OFFICER, "saeki"), make_user(tenant, Role.APPROVER, "otsuka")


def proposed(writer: User, **said: Any) -> FaqEntry:
    values: dict[str, Any] = {
        "code": "own-1",
        "topic": "notice",
        "audiences": ["person"],
        "place": 5,
        "is_hidden": False,
        "asks": {"ja": "窓口でも答えられますか"},
        "answers": {"ja": "はい。\n本人確認書類をお持ちください。"},
        **said,
    }
    return propose_entry(**values, actor=Actor.user(writer.pk), now=NOW)


def approved(writers: tuple[User, User], **said: Any) -> FaqEntry:
    entry = proposed(writers[0], **said)
    decide_entry(entry=entry, is_approved=True, actor=Actor.user(writers[1].pk), now=NOW)
    return entry


def codes(topic: str = "notice", audience: str = "person") -> list[str]:
    return [one.code for one in shown_questions(topic, audience, language="ja", phone="0120")]


def test_a_question_of_ones_own_is_read_once_a_second_person_approved_it(
    tenant: Tenant, writers: tuple[User, User]
) -> None:
    with tenant_scope(tenant.pk):
        entry = proposed(writers[0])
        assert "own-1" not in codes()
        with pytest.raises(FaqRefused, match="yourself"):
            decide_entry(entry=entry, is_approved=True, actor=Actor.user(writers[0].pk), now=NOW)
        decide_entry(entry=entry, is_approved=True, actor=Actor.user(writers[1].pk), now=NOW)
        assert codes()[0] == "own-1", "place 5 is before the product's first"
        assert "own-1" not in codes(audience="company")
        with pytest.raises(IntegrityError), transaction.atomic():
            FaqEntry.objects.filter(pk=entry.pk).update(approved_by=writers[0].pk)
    page = Client().get("/check/asanagi/questions/notice/?for=person").content.decode()
    assert "窓口でも答えられますか" in page
    assert "はい。<br>本人確認書類" in page


def test_own_words_stand_in_the_place_of_the_products_and_can_be_taken_back(
    tenant: Tenant, writers: tuple[User, User]
) -> None:
    with tenant_scope(tenant.pk):
        usual = shown_questions("notice", "person", language="ja", phone="0120")
        words = {"ja": "当金庫だけの答え"}
        approved(writers, code="why", asks={"ja": "なぜですか"}, answers=words, place=20)
        (one,) = (
            shown for shown in shown_questions("notice", "person", language="ja", phone="1") if shown.code == "why"
        )
        assert (one.ask, one.answer) == ("なぜですか", "当金庫だけの答え")
        FaqEntry.objects.update(approved_at=NOW.replace(year=2020))
        approved(writers, code="why", asks={}, answers={}, place=20)
        assert shown_questions("notice", "person", language="ja", phone="0120") == usual


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ja", "日本語"), ("ja-easy", "日本語"), ("en", "English"), ("vi", "English"), ("ne", "English")],
)
def test_a_language_without_words_falls_back_to_the_nearest(
    tenant: Tenant, writers: tuple[User, User], language: str, expected: str
) -> None:
    with tenant_scope(tenant.pk):
        both = {"ja": "日本語", "en": "English"}
        approved(writers, asks=both, answers=both)
        first = shown_questions("notice", "person", language=language, phone="0120")[0]
        assert first.ask == expected


@pytest.mark.parametrize("code", ["genuine", "law", "must", "use"])
def test_what_the_law_or_trust_asks_for_cannot_be_hidden(tenant: Tenant, writers: tuple[User, User], code: str) -> None:
    with tenant_scope(tenant.pk):
        with pytest.raises(FaqRefused) as refused:
            proposed(writers[0], code=code, is_hidden=True)
        assert refused.value.field == "is_hidden"
        approved(writers, code="others", topic="notice", is_hidden=True, asks={}, answers={})
        assert "others" not in codes()
        assert "genuine" in codes()


def test_half_a_text_and_one_without_japanese_are_refused(tenant: Tenant, writers: tuple[User, User]) -> None:
    with tenant_scope(tenant.pk):
        with pytest.raises(FaqRefused):
            proposed(writers[0], answers={})
        with pytest.raises(FaqRefused) as refused:
            proposed(writers[0], asks={"en": "May I?"}, answers={"en": "Yes."})
        assert refused.value.field == "ask_ja"
        proposed(writers[0])
        with pytest.raises(FaqRefused, match="waits"):
            proposed(writers[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_stay_words_in_every_language(tenant: Tenant, writers: tuple[User, User], language: str) -> None:
    with tenant_scope(tenant.pk):
        words = {language: HOSTILE + "\u202e\x07", "ja": HOSTILE}
        approved(writers, asks=words, answers=words)
    client = Client()
    client.cookies["portal_language"] = language
    page = client.get("/check/asanagi/questions/notice/?for=person").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7|add:1 }}" in page
    assert "\u202e" not in page


def test_a_page_asks_once_however_many_there_are(tenant: Tenant, writers: tuple[User, User]) -> None:
    with tenant_scope(tenant.pk):
        for number in range(12):
            approved(writers, code=f"own-{number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shown_questions("notice", "person", language="ja", phone="0120")
        assert len(queries) == 1


def test_another_institutions_words_are_its_own(
    tenant: Tenant, other_tenant: Tenant, writers: tuple[User, User]
) -> None:
    with tenant_scope(tenant.pk):
        approved(writers)
    assert "窓口でも" not in Client().get("/check/komorebi/questions/notice/?for=person").content.decode()


def test_staff_write_look_and_approve_by_hand(tenant: Tenant, writers: tuple[User, User]) -> None:
    writer, approver = Client(), Client()
    writer.force_login(writers[0])
    approver.force_login(writers[1])
    said = {
        "topic": "answering",
        "audiences": ["person", "company"],
        "place": "7",
        "ask_ja": "問い",
        "answer_ja": HOSTILE,
    }
    assert writer.post(reverse("faq-new"), said).status_code == 302
    page = approver.get(reverse("faq")).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    with tenant_scope(tenant.pk):
        entry = FaqEntry.objects.get()
    assert writer.post(reverse("faq-decide", args=[entry.pk]), {"decision": "approve"}).status_code == 422
    assert approver.post(reverse("faq-decide", args=[entry.pk]), {"decision": "approve"}).status_code == 302
    with tenant_scope(tenant.pk):
        assert FaqEntry.objects.get().status == "APPROVED"
    assert writer.get(reverse("faq-edit", args=["genuine"])).status_code == 200
    assert approver.get(reverse("faq-edit", args=["genuine"])).status_code == 403


def test_who_may_not_edit_opens_a_question_and_reads_it_in_every_language(
    tenant: Tenant, writers: tuple[User, User]
) -> None:
    with tenant_scope(tenant.pk):
        approved(writers, code="genuine", asks={"ja": "本物ですか"}, answers={"ja": HOSTILE})
        proposed(writers[0], code="own-2", asks={"ja": "待っている問い"})
    reader = Client()
    reader.force_login(writers[1])
    index = reader.get(reverse("faq")).content.decode()
    for code in ("genuine", "own-2", "must"):
        assert reverse("faq-one", args=[code]) in index
        assert reader.get(reverse("faq-edit", args=[code])).status_code == 403, "reading is not writing"
    own = reader.get(reverse("faq-one", args=["genuine"])).content.decode()
    assert own.count("本物ですか") >= 3, "easy Japanese falls back to it"
    assert "<script>alert" not in own
    assert "&lt;script&gt;" in own
    standard = reader.get(reverse("faq-one", args=["must"])).content.decode()
    with override("vi"):
        assert str(next(one for one in QUESTIONS if one.code == "must").ask) in standard
    assert not any("\ufdd0" <= letter <= "\ufdef" for letter in standard), "no mark of a reading is left"
    assert "%(phone)s" not in standard
    assert "待っている問い" in reader.get(reverse("faq-one", args=["own-2"])).content.decode()
    assert reader.get(reverse("faq-one", args=["no-such"])).status_code == 404
