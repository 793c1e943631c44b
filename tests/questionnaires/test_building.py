"""The pages on which staff build questionnaires, without a script: from a new one to one in force."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from questionnaires import standard
from questionnaires.building.rehearsing import Rehearsal
from questionnaires.drafting import begin_draft, newest_version
from questionnaires.fitting import json_schema
from questionnaires.models import Questionnaire, QuestionnaireDraft, Response
from questionnaires.schema import digest_of
from questionnaires.services import publish_standard
from questionnaires.shaping import parse
from risk.services import publish_default_policy
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english


@pytest.fixture
def draft(in_tenant: Tenant, officer: User) -> QuestionnaireDraft:
    """A draft of what is asked of persons."""
    publish_standard(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found: Questionnaire = Questionnaire.objects.get(key="individual")
    return begin_draft(questionnaire=found, actor=Actor.user(officer.pk), now=NOW)


def held(draft: QuestionnaireDraft) -> QuestionnaireDraft:
    with transaction.atomic():
        found: QuestionnaireDraft = QuestionnaireDraft.objects.select_related("questionnaire").get(pk=draft.pk)
    return found


def act(client: Client, draft: QuestionnaireDraft, what: str, **more: str) -> Any:
    now = held(draft)
    data = {"revision": str(now.revision), "act": what, **more}
    return client.post(reverse("questionnaire-draft-arrange", args=[draft.pk]), data, follow=True)


def post(client: Client, name: str, draft: QuestionnaireDraft, *args: str, **data: str) -> Any:
    now = held(draft)
    return client.post(reverse(name, args=[draft.pk, *args]), {"revision": str(now.revision), **data}, follow=True)


def test_a_questionnaire_is_built_proposed_and_approved(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    new = {"name": "在留カードの更新", "name_en": "Residence card", "key": "card", "audience": "INDIVIDUAL"}
    began = client.post(reverse("questionnaire-new"), new, follow=True)
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.get()
    assert began.status_code == 200
    assert "Residence card" in began.content.decode()
    again = client.post(reverse("questionnaire-new"), new)
    assert again.status_code == 422

    refused = post(client, "questionnaire-draft-propose", draft)
    assert refused.status_code == 422
    assert "still has errors" in refused.content.decode()
    act(client, draft, "question-add page_1", **{"kind-page_1": "yes_no"})
    act(client, draft, "page-add page_1")
    act(client, draft, "question-add page_2", **{"kind-page_2": "radio"})
    words = {"title-ja": "一頁", "title-en": "First", "why-ja": "理由", "why-en": "Why", "id": "page_1", "step": "keep"}
    assert post(client, "questionnaire-draft-page", draft, "page_1", **words).status_code == 200
    asked = {"label-ja": "更新しましたか", "label-en": "Renewed?", "kind": "yes_no", "id": "renewed", "required": "on"}
    post(client, "questionnaire-draft-question", draft, "question_1", **asked)
    listed = {"rows": "2", "value-0": "a", "label-0-ja": "甲", "value-1": "b", "label-1-ja": "乙", "step": "keep"}
    [list_name] = held(draft).document["choice_lists"]
    post(client, "questionnaire-draft-choices", draft, list_name, **listed)
    which = {"label-ja": "どちら", "kind": "radio", "id": "which", "choices": list_name, "keep_months": "12"}
    post(client, "questionnaire-draft-question", draft, "question_2", **which)
    condition = {
        "condition-rows": "1",
        "condition-joint": "and",
        "condition-answer-0": "renewed",
        "condition-operator-0": "===",
        "condition-value-0": "true",
    }
    second = {**words, "title-ja": "二頁", "id": "page_2", **condition}
    shown = post(client, "questionnaire-draft-page", draft, "page_2", **second).content.decode()
    assert "“Renewed?” is “Yes”" in shown
    made = held(draft).document
    assert made["pages"][1]["show_if"] == {"===": [{"var": "renewed"}, True]}
    assert made["pages"][1]["questions"][0]["keep_months"] == 12

    proposed = post(client, "questionnaire-draft-propose", draft)
    assert proposed.status_code == 200
    assert "waits for approval" in proposed.content.decode()
    seen = digest_of(held(draft).document)
    assert post(client, "questionnaire-draft-approve", draft, seen_hash=seen).status_code == 403

    second_person = staff_client(english(approver))
    home = second_person.get(reverse("home")).content.decode()
    assert "Questionnaires to approve" in home
    page = second_person.get(reverse("questionnaire-draft", args=[draft.pk])).content.decode()
    assert "Words missing in English" in page
    assert "What would be asked" in page
    approved = post(second_person, "questionnaire-draft-approve", draft, seen_hash=seen)
    assert "The version is in force" in approved.content.decode()
    with transaction.atomic():
        version = newest_version(Questionnaire.objects.get(key="card"))
    assert version is not None
    assert version.sha256 == seen
    listing = second_person.get(reverse("questionnaire", args=[held(draft).questionnaire_id])).content.decode()
    assert version.sha256[:12] in listing
    assert "Version 1" in listing


def test_the_outline_moves_copies_removes_and_takes_back(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    start = held(draft).document
    names = [page["id"] for page in start["pages"]]
    act(client, draft, f"page-down {names[0]}")
    assert [page["id"] for page in held(draft).document["pages"]][:2] == [names[1], names[0]]
    act(client, draft, "question-up name")
    assert held(draft).document["pages"][0]["questions"][-1]["id"] == "name", "up, to the page above"
    act(client, draft, f"question-to name {names[0]} 0")
    assert held(draft).document["pages"][1]["questions"][0]["id"] == "name"
    act(client, draft, f"page-to {names[0]} 0")
    assert held(draft).document == start
    act(client, draft, f"page-copy {names[0]}")
    assert len(held(draft).document["pages"]) == len(names) + 1
    removed = act(client, draft, f"page-remove {names[0]}").content.decode()
    assert "Take the last change back" in removed
    post(client, "questionnaire-draft-undo", draft)
    assert names[0] in [page["id"] for page in held(draft).document["pages"]]
    gone = act(client, draft, "page-remove nothing-there")
    assert gone.status_code == 422
    assert "not in the draft any more" in gone.content.decode()


def test_the_second_of_two_editors_keeps_what_was_typed(
    draft: QuestionnaireDraft, officer: User, tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    first, second = staff_client(english(officer)), staff_client(english(make_user(tenant, Role.OFFICER, "second")))
    typed = {"label-ja": "二人目の言葉", "kind": "text", "id": "name", "maps_to": "name"}
    stale = str(held(draft).revision)
    act(first, draft, "page-add")
    address = reverse("questionnaire-draft-question", args=[draft.pk, "name"])
    refused = second.post(address, {"revision": stale, **typed}, follow=True)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "officer changed this draft after you opened it" in page
    assert "二人目の言葉" in page
    assert f'value="{held(draft).revision}"' in page, "to be kept once more"
    assert post(second, "questionnaire-draft-question", draft, "name", **typed).status_code == 200
    made = held(draft).document
    assert made["pages"][0]["questions"][0]["label"] == {"ja": "二人目の言葉"} | {
        key: value for key, value in made["pages"][0]["questions"][0]["label"].items() if key not in made["languages"]
    }


def test_a_secret_is_refused_with_a_sentence(draft: QuestionnaireDraft, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    asked = {"label-ja": "暗証番号を入力してください", "kind": "text", "id": "name", "maps_to": "name"}
    page = post(client, "questionnaire-draft-question", draft, "name", **asked).content.decode()
    assert "no bank asks for this on a page" in page
    assert 'href="#question-name"' in page


def test_choices_are_arranged_before_they_are_kept(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    before = held(draft).document["choice_lists"]["purposes"]
    page = reverse("questionnaire-draft-choices", args=[draft.pk, "purposes"])
    shown = client.get(page).content.decode()
    assert before[0]["value"] in shown
    typed = {"rows": "2", "value-0": "x", "label-0-ja": "甲", "value-1": "y", "label-1-ja": "乙"}
    turned = client.post(page, {**typed, "step": "down 0"}, follow=True).content.decode()
    assert turned.index('value="y"') < turned.index('value="x"')
    more = client.post(page, {**typed, "step": "add"}, follow=True).content.decode()
    assert 'name="value-2"' in more
    assert held(draft).document["choice_lists"]["purposes"] == before
    twice = client.post(page, {**typed, "value-1": "x", "step": "keep", "revision": "1"}, follow=True)
    assert twice.status_code == 422
    assert "Another choice has this value" in twice.content.decode()


def test_a_preview_goes_on_though_pages_before_it_have_no_answers_yet(
    in_tenant: Tenant, draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    """Somebody put a page in meanwhile; by the file alone the page they are on would not be asked."""
    client = staff_client(english(officer))
    there = Rehearsal(parse(held(draft).document), "stay", has_file=True)
    page = client.post(reverse("questionnaire-draft-preview", args=[draft.pk]), {"state": there.state, "speak": "en"})
    assert page.status_code == 200
    assert "5 of 5" in page.content.decode()


def test_the_preview_walks_through_without_storing_anything(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    address = reverse("questionnaire-draft-preview", args=[draft.pk])
    first = client.get(address)
    assert first.status_code == 200
    assert "frame-ancestors 'none'" in first.headers["Content-Security-Policy"]
    page = first.content.decode()
    assert "rehearsal.css" in page
    assert "お名前" in page
    wrong = client.post(address, {"state": _state(page), "action": "continue"})
    assert wrong.status_code == 422
    told = client.post(address, {"state": _state(page), "action": "file"}).content.decode()
    assert "見" in told
    on = client.post(address, {"state": _state(told), "action": "unchanged", "spoken": "en"}).content.decode()
    assert json.loads(_state(on))["page"] == standard.document("individual")["pages"][1]["id"]
    assert "Is your work still the same?" in on
    back = client.post(address, {"state": _state(on), "action": "back", "spoken": "en"}).content.decode()
    assert json.loads(_state(back))["page"] == "contact"
    strange = {"page": "x", "answers": {"contact": 1}, "confirmed": [], "typed": [], "has_file": 0}
    for forged in ("{", "[]", '{"page": 1}', json.dumps(strange)):
        assert client.post(address, {"state": forged}).status_code == 200
    with transaction.atomic():
        assert Response.objects.count() == 0
    assert held(draft).revision == 1


def _state(page: str) -> str:
    from html import unescape

    return unescape(page.split('name="state" value="', 1)[1].split('"', 1)[0])


def test_what_would_break_is_named_before_it_is_approved(
    draft: QuestionnaireDraft, officer: User, approver: User, staff_client: SignIn
) -> None:
    publish_default_policy(actor=SYSTEM, now=NOW)
    client = staff_client(english(approver))
    uses = client.get(reverse("questionnaire-draft-uses", args=[draft.pk])).content.decode()
    assert "Version 1 of the risk policy" in uses
    assert "Foreign politically exposed person" in uses
    act(staff_client(english(officer)), draft, "question-remove is_foreign_pep")
    page = client.get(reverse("questionnaire-draft", args=[draft.pk])).content.decode()
    assert "is not asked any more. This would go without the answer" in page
    assert "Foreign politically exposed person" in page


def test_versions_are_downloaded_compared_and_gone_back_to(
    draft: QuestionnaireDraft, officer: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    act(client, draft, "question-remove sends_abroad")
    act(client, draft, "page-remove abroad")
    post(client, "questionnaire-draft-propose", draft)
    now = held(draft)
    assert now.status == "AWAITING_APPROVAL"
    returned = post(staff_client(english(approver)), "questionnaire-draft-return", draft, reason="")
    assert returned.status_code == 422
    post(staff_client(english(approver)), "questionnaire-draft-approve", draft, seen_hash=digest_of(now.document))
    home = now.questionnaire_id
    compared = client.get(reverse("questionnaire-compare", args=[home])).content.decode()
    assert "What version 2 says otherwise than version 1" in compared
    assert "Transactions with other countries" in compared or "外国とのお取引" in compared
    older = client.get(reverse("questionnaire-document", args=[home, 1]))
    assert json.loads(older.content) == standard.document("individual")
    assert "attachment" in older.headers["Content-Disposition"]
    client.post(reverse("questionnaire-begin", args=[home]), {"version": "1"})
    with transaction.atomic():
        back = QuestionnaireDraft.objects.get(status="DRAFT")
    assert back.document == standard.document("individual")


def test_maps_and_missing_words_lead_to_their_places(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    ways = client.get(reverse("questionnaire-draft-ways", args=[draft.pk])).content.decode()
    assert "<svg" in ways
    assert "is not “Japan”" in ways or "is not" in ways
    asked = {"label-ja": "新しい問い", "kind": "text", "id": "email", "maps_to": ""}
    post(client, "questionnaire-draft-question", draft, "email", **asked)
    words = client.get(reverse("questionnaire-draft-words", args=[draft.pk])).content.decode()
    assert reverse("questionnaire-draft-question", args=[draft.pk, "email"]) + "#id_label-en" in words


def test_the_schema_has_an_address_that_everybody_may_read(client: Client, tenant: Tenant) -> None:
    answer = client.get(reverse("questionnaire-schema"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/schema+json"
    assert answer.json() == json_schema()
