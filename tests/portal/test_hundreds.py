"""A question with hundreds of choices: light on a telephone, found by a word, a reading or a group, with no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from portal.pages import LANGUAGES
from questionnaires.building.views.weighing import BUDGET
from questionnaires.drafting import begin_questionnaire
from questionnaires.models import Response
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.portal.inspecting import weight_of
from tests.portal.journey import BIRTH, end_of, page_of, post
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import send_link

KINDS = (
    "農業",
    "漁業",
    "製造業",
    "卸売業",
    "小売業",
    "運輸業",
    "情報通信業",
    "建設業",
    "教育",
    "医療",
    "福祉",
    "金融業",
)
READ = (
    "のうぎょう",
    "ぎょぎょう",
    "せいぞうぎょう",
    "おろしうり",
    "こうり",
    "うんゆ",
    "じょうほう",
    "けんせつ",
    "きょういく",
    "いりょう",
    "ふくし",
    "きんゆう",
)


def label(place: int) -> dict[str, str]:
    kind, read, number = KINDS[place % 12], READ[place % 12], place // 12
    return {
        "ja": f"{kind}のうち種別{number:02}に当たるもの",
        "ja-easy": f"{{{kind}|{read}}}の {number:02}{{番|ばん}}",
        "en": f"Business of kind {place % 12}, number {number:02}",
        "zh-hans": f"第{place % 12}类行业第{number:02}种",
        "vi": f"Ngành nghề loại {place % 12}, số {number:02}",
        "pt-br": f"Atividade do tipo {place % 12}, número {number:02}",
        "ne": f"व्यवसाय प्रकार {place % 12}, संख्या {number:02}",
    }


def words(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def many(count: int = 600, kind: str = "radio", *, groups: bool = True, **more: Any) -> dict[str, Any]:
    offered = [
        {"value": f"k{place}", "label": label(place), **({"group": words(KINDS[place % 12])} if groups else {})}
        for place in range(count)
    ]
    asked = {**question("business", kind, choices="kinds", **more), "label": words("業種"), "hint": words("一つだけ")}
    only = {**page("trade", asked), "title": words("お仕事"), "why": words("法律で決まっています")}
    said: dict[str, Any] = document(only, choice_lists={"kinds": offered}, languages=list(LANGUAGES))
    return {**said, "title": words("確認")}


@pytest.fixture
def visitor(tenant: Tenant, now: datetime) -> Client:
    sent = send_link(tenant, now=now, document=many(required=True))
    client = Client()
    assert client.post(f"/r/{sent.token}/identity/", BIRTH).status_code == 302
    return client


def offered(answer: Any) -> list[str]:
    return re.findall(r'value="(k\d+)"', answer.content.decode())


def find(client: Client, **said: str) -> Any:
    return post(client, "trade", "find", **said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_six_hundred_choices_are_light_and_found_in_every_language(language: str, visitor: Client) -> None:
    visitor.cookies["portal_language"] = language
    first = visitor.get("/r/answer/trade/")
    assert page_of(first) == "question"
    assert offered(first) == [], "nothing is listed before it is looked for"
    looked = find(visitor, **{"business-find": "07"})
    assert looked.status_code == 200
    assert len(offered(looked)) == 12
    most = find(visitor, **{"business-find": "0"})
    assert 12 < len(offered(most)) < 600
    weights = [weight_of(one) for one in (first, looked, most)]
    assert max(weights) <= BUDGET, weights


@pytest.mark.parametrize(
    "typed", ["漁業のうち種別07", "ぎょぎょうの07", "ギョギョウ の ０７", "ｷﾞｮｷﾞｮｳの07", "number 07", "KIND 1, NUMBER 07"]
)
def test_a_choice_is_found_by_what_it_is_called_in_any_language_or_how_it_is_read(typed: str, visitor: Client) -> None:
    assert "k85" in offered(find(visitor, **{"business-find": typed}))


def test_a_group_and_a_word_together_leave_what_fits_both(visitor: Client) -> None:
    visitor.cookies["portal_language"] = "en"
    group = offered(find(visitor, **{"business-group": "1"}))
    assert len(group) == 50
    assert all(int(value[1:]) % 12 == 1 for value in group)
    both = find(visitor, **{"business-group": "1", "business-find": "number 07"})
    assert offered(both) == ["k85"]
    assert "1 fits." in both.content.decode()
    none = find(visitor, **{"business-group": "1", "business-find": "no such"})
    assert "Nothing fits. Please write fewer letters or another word." in none.content.decode()
    for forged in ("99", "-1", "x", "１"):
        assert find(visitor, **{"business-group": forged}).status_code == 200


def test_what_was_found_is_chosen_kept_and_shown_again(visitor: Client, tenant: Tenant) -> None:
    assert post(visitor, "trade", business="k85").headers["Location"] == "/r/answer/check/"
    with tenant_scope(tenant.pk):
        assert Response.objects.get().answers["business"] == "k85"
    assert "漁業のうち種別07に当たるもの" in visitor.get("/r/answer/check/").content.decode()
    again = visitor.get("/r/answer/trade/")
    assert offered(again) == ["k85"], "what is chosen stays in sight"
    assert "checked" in again.content.decode()
    assert sorted(offered(find(visitor, business="k85", **{"business-find": "漁業のうち種別08"}))) == ["k85", "k97"]


def test_who_looks_and_goes_on_without_choosing_is_told_and_sees_what_was_found(visitor: Client) -> None:
    visitor.cookies["portal_language"] = "en"
    went_on = post(visitor, "trade", **{"business-find": "number 07"})
    assert went_on.status_code == 422
    text = went_on.content.decode()
    assert "Choose one of those that were found for" in text
    assert len(offered(went_on)) == 12
    assert 'id="business"' in text, "the summary leads to it"
    empty = post(visitor, "trade")
    assert empty.status_code == 422
    assert 'id="business"' in empty.content.decode()
    assert post(visitor, "trade", business="k9999").status_code == 422, "no choice of the list"


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "a" * 5_000, ".*", "%s", "{{ 7 }}", "\u202e"])
def test_hostile_words_find_nothing_and_stay_words(typed: str, visitor: Client) -> None:
    """W8."""
    looked = find(visitor, **{"business-find": typed})
    assert looked.status_code == 200
    assert "<script>alert" not in looked.content.decode()
    assert offered(looked) == []


def test_a_list_that_has_room_stays_as_it_was(tenant: Tenant, now: datetime) -> None:
    sent = send_link(tenant, now=now, document=many(60))
    client = Client()
    assert end_of(client.post(f"/r/{sent.token}/identity/", BIRTH)) == ""
    assert len(offered(client.get("/r/answer/trade/"))) == 60


@pytest.mark.parametrize(("kind", "is_heavy"), [("radio", False), ("checkboxes", True)])
def test_the_builder_weighs_pages_as_customers_get_them(
    kind: str, is_heavy: bool, tenant: Tenant, officer: User, now: datetime, staff_client: Callable[[User], Client]
) -> None:
    said = many(kind=kind)
    with tenant_scope(tenant.pk):
        names = {"audience": "INDIVIDUAL", "name": "業種", "name_en": "Kinds", "key": "kinds"}
        draft = begin_questionnaire(**names, document=said, actor=Actor.user(officer.pk), now=now)
    officer.language = "en"
    officer.save(update_fields=["language"])
    shown = staff_client(officer).get(reverse("questionnaire-draft", args=[draft.pk])).content.decode()
    found = re.search(r"The page “お仕事” weighs ([0-9,]+) bytes in (.+?); 40,960 are the most", shown)
    assert bool(found) == is_heavy
    if found is None:
        return
    sent = send_link(tenant, now=now, document=said)
    client = Client()
    client.post(f"/r/{sent.token}/identity/", BIRTH)
    weights = []
    for language in LANGUAGES:
        client.cookies["portal_language"] = language
        weights.append(weight_of(client.get("/r/answer/trade/")))
    told = int(found[1].replace(",", ""))
    assert abs(max(weights) - told) < 1_500, "but for the links of a visit"
    assert told > 100_000
