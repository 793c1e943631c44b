"""A draft of a questionnaire that waits for a second person, so that what is new in it can be seen at once."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor
from questionnaires.drafting import begin_draft, propose_draft
from questionnaires.models import Questionnaire, QuestionnaireDraft
from questionnaires.standard import document

KEY = "individual"
_YEARLY = "sent_in_a_year"
_HINT = {
    "ja": "お勤め先やご家族のための取引も含みます。",
    "ja-easy": "{会社|かいしゃ}や {家族|かぞく}の ためのものも {入|い}れてください。",
    "en": "Please include what you do for your employer or your family.",
}
# Some languages are left for somebody to translate, as happens in real life.
_REMITTANCES: Mapping[str, Any] = {
    "id": "remittances",
    "title": {
        "ja": "海外送金のくわしい内容",
        "ja-easy": "{外国|がいこく}へ {送|おく}る お{金|かね}について",
        "en": "About the money you send abroad",
        "zh-hans": "关于境外汇款",
    },
    "why": {
        "ja": "犯罪やテロのための送金を防ぐことが、法律で求められているためです。",
        "ja-easy": "{悪|わる}い {人|ひと}に お{金|かね}が わたらないように、{法律|ほうりつ}で {決|き}まっています。",
        "en": "Because the law asks us to keep money from crime and terror.",
        "zh-hans": "因为法律要求我们防止资金被用于犯罪或恐怖活动。",
    },
    "show_if": {"===": [{"var": "sends_abroad"}, True]},
    "questions": [
        {
            "id": "sent_to",
            "kind": "country",
            "required": True,
            "label": {
                "ja": "主な送金先の国",
                "ja-easy": "いちばん よく {送|おく}る {国|くに}",
                "en": "The country to which you send most",
                "zh-hans": "主要汇款国家",
            },
        },
        {
            "id": _YEARLY,
            "kind": "amount",
            "required": True,
            "constraints": {"max": 1_000_000_000},
            "label": {
                "ja": "1年間に送金する金額",
                "ja-easy": "1{年|ねん}に {送|おく}る お{金|かね}",
                "en": "How much you send in a year",
                "zh-hans": "一年汇款金额",
            },
        },
    ],
    "checks": [
        {
            "holds": {">": [{"var": _YEARLY}, 0]},
            "at": _YEARLY,
            "message": {
                "ja": "0円より大きい金額をご入力ください。"
                "送金をなさらない場合は、前のページに戻って「いいえ」をお選びください。",
                "ja-easy": "0{円|えん}より {大|おお}きい {数|かず}を {書|か}いてください。"
                "{送|おく}らない{人|ひと}は、{前|まえ}の ページで「いいえ」を {選|えら}んでください。",
                "en": "Enter an amount above 0 yen. If you send none, go back one page and choose “No”.",
            },
        }
    ],
}


def leave_a_draft(*, officer: Actor, now: datetime) -> bool:
    """A draft that asks more of those who send money abroad, proposed by the officer; False if there was one before.

    The tenant is in scope.
    """
    with transaction.atomic():
        questionnaire = Questionnaire.objects.get(key=KEY)
        if QuestionnaireDraft.objects.filter(questionnaire=questionnaire).exists():
            return False
        draft = begin_draft(questionnaire=questionnaire, document=_written(), actor=officer, now=now)
        propose_draft(draft=draft, revision=draft.revision, actor=officer, now=now)
    return True


def _written() -> dict[str, Any]:
    written = deepcopy(document(KEY))
    pages: list[dict[str, Any]] = written["pages"]
    at = [page["id"] for page in pages].index("abroad")
    pages.insert(at + 1, deepcopy(dict(_REMITTANCES)))
    [cash] = next(page for page in pages if page["id"] == "cash")["questions"]
    cash["hint"] = dict(_HINT)
    written["calculated"] = [{"id": "sends_much", "holds": {">": [{"var": _YEARLY}, 10_000_000]}}]
    return written
