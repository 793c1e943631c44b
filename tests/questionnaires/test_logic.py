"""Checks between answers and calculated values, by forms without a script; and rows that complain at their place."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from audit.services import Actor
from questionnaires.building.composing import Row
from questionnaires.building.condition_form import ConditionForm
from questionnaires.building.contradicting import impossible_rows
from questionnaires.building.differing import What, changes_between
from questionnaires.building.editing import (
    move_calculated,
    move_check,
    remove_calculated,
    write_calculated,
    write_check,
)
from questionnaires.building.missing import missing_words
from questionnaires.building.parts import EditRefused, check_key, page_of
from questionnaires.building.reaching import reach_of_calculated, reach_of_check, reach_of_page
from questionnaires.building.readout import check_sentence, value_sentence
from questionnaires.building.using import Reading, places_of, places_reading
from questionnaires.drafting import begin_draft, edit_draft
from questionnaires.faults import faults_of
from questionnaires.models import Questionnaire, QuestionnaireDraft
from questionnaires.shaping import parse
from tenants.models import Tenant, User
from tests.conftest import NOW, SignIn, english
from tests.questionnaires.documents import EVERYTHING, document, page, question
from tests.questionnaires.test_building import act, held, post

LARGE = {"<": [{"var": "monthly"}, 1_000_000]}
CHECK: dict[str, Any] = {"holds": LARGE, "at": "yearly", "message": {"ja": "大きすぎます", "en": "Too large"}}


@pytest.fixture
def draft(in_tenant: Tenant, officer: User) -> QuestionnaireDraft:
    """A draft with every kind of question."""
    with transaction.atomic():
        made = Questionnaire.objects.create(key="example", audience="INDIVIDUAL", name="例", name_en="Example")
    return begin_draft(questionnaire=made, document=EVERYTHING, actor=Actor.user(officer.pk), now=NOW)


def row(number: int, answer: str, operator: str, value: str) -> dict[str, str]:
    parts = {"answer": answer, "operator": operator, "value": value}
    return {f"condition-{key}-{number}": said for key, said in parts.items()} | {"condition-rows": str(number + 1)}


def checks(draft: QuestionnaireDraft) -> list[dict[str, Any]]:
    """Those of the page about money."""
    money = page_of(held(draft).document, "money")
    assert money is not None
    return list(money.get("checks", ()))


def text(response: Any) -> str:
    return unescape(response.content.decode())


def test_a_check_is_added_changed_moved_and_taken_out_by_forms(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    new = "questionnaire-draft-check-new"
    shown = text(client.get(reverse(new, args=[draft.pk, "money"])))
    assert "Question monthly" in shown
    assert "Question nationality" not in shown, "a later page"
    words = {
        "message-ja": "月額を見直してください",
        "message-en": "Look at the monthly amount",
        "at": "yearly",
        "step": "keep",
    }
    empty = post(client, new, draft, "money", **words)
    assert empty.status_code == 422
    assert "Choose at least one answer to compare" in text(empty)
    assert "月額を見直してください" in text(empty)
    kept = text(post(client, new, draft, "money", **words, **row(0, "monthly", "<", "1,000,000")))
    told = (
        "Unless “Question monthly” is less than 1,000,000 yen, the customer stops at “Question yearly” and reads:"
        " Look at the monthly amount"
    )
    assert told in kept
    assert "“問い yearly”" in kept or "「問い yearly」" in kept, "in Japanese too"
    [check] = checks(draft)
    message = {"ja": "月額を見直してください", "en": "Look at the monthly amount"}
    assert check == {"holds": LARGE, "at": "yearly", "message": message}
    parse(held(draft).document)

    second = {**words, "at": "income", "message-en": ""}
    post(client, new, draft, "money", **second, **row(0, "handles_cash", "===", "true"))
    keys = [check_key(one) for one in checks(draft)]
    act(client, draft, f"check-up money {keys[1]}")
    assert [check_key(one) for one in checks(draft)] == keys[::-1]
    missing = text(client.get(reverse("questionnaire-draft-words", args=[draft.pk])))
    assert reverse("questionnaire-draft-check", args=[draft.pk, "money", keys[1]]) + "#id_message-en" in missing
    changed = {**words, "at": "monthly"}
    post(client, "questionnaire-draft-check", draft, "money", keys[0], **changed, **row(0, "monthly", "<", "5"))
    assert checks(draft)[1]["at"] == "monthly"
    act(client, draft, f"check-remove money {keys[1]}")
    assert len(checks(draft)) == 1
    post(client, "questionnaire-draft-undo", draft)
    assert len(checks(draft)) == 2


def test_what_was_typed_about_a_check_that_is_gone_is_shown_to_be_copied(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    gone = post(client, "questionnaire-draft-check", draft, "money", "0" * 16, **{"message-ja": "大切な文"})
    assert gone.status_code == 409
    assert "大切な文" in text(gone)
    assert client.get(reverse("questionnaire-draft-check", args=[draft.pk, "money", "0" * 16])).status_code == 404
    lost = post(client, "questionnaire-draft-question", draft, "nowhere", **{"label-ja": "消えた問い"})
    assert lost.status_code == 409
    assert "消えた問い" in text(lost)


def test_calculated_values_are_written_by_forms_and_say_who_reads_them(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    outline = text(client.get(reverse("questionnaire-draft", args=[draft.pk])))
    assert "The sum of “Question monthly”, “Question yearly”" in outline
    assert "How many were given at “Question officers”" in outline
    assert "Whether “Question nationality” is “VN”" in outline or "Viet" in outline
    assert "When the page “Page end_of_it” is asked" in outline
    new = reverse("questionnaire-draft-calculated-new", args=[draft.pk, "sum"])
    assert "Question payments" in text(client.get(new))
    revision = str(held(draft).revision)
    nothing = client.post(new, {"revision": revision, "id": "all_money", "step": "keep"}, follow=True)
    assert nothing.status_code == 422
    assert "Choose at least one" in text(nothing)
    client.post(new, {"revision": revision, "id": "all_money", "sum": ["monthly", "payments"], "step": "keep"})
    assert held(draft).document["calculated"][-1] == {"id": "all_money", "sum": ["monthly", "payments"]}
    act(client, draft, "calculated-up all_money")
    assert [one["id"] for one in held(draft).document["calculated"]][-2:] == ["all_money", "is_exposed"]
    renamed = {"id": "sum_of_all", "sum": "monthly", "step": "keep"}
    post(client, "questionnaire-draft-calculated", draft, "total", **renamed)
    assert page_of(held(draft).document, "end_of_it")["show_if"] == {">": [{"var": "sum_of_all"}, 100]}  # type: ignore[index]  # it is there, or the test fails
    flag = {"id": "is_exposed", "step": "keep", **row(0, "nationality", "===", "KP")}
    post(client, "questionnaire-draft-calculated", draft, "is_exposed", **flag)
    assert held(draft).document["calculated"][-1]["holds"] == {"===": [{"var": "nationality"}, "KP"]}
    removed = text(act(client, draft, "calculated-remove sum_of_all"))
    assert "These still read its answer: When the page “Page end_of_it” is asked" in removed
    assert "reads sum_of_all, which no earlier page asks" in removed
    taken = post(client, "questionnaire-draft-calculated", draft, "is_exposed", **{**flag, "id": "monthly"})
    assert taken.status_code == 422
    assert "Something else has the id" in text(taken)


def test_removing_a_question_says_where_its_answer_is_still_read(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    edit_draft(
        draft=draft,
        revision=1,
        edit=lambda now: write_check(now, "money", "", CHECK),
        actor=Actor.user(officer.pk),
        now=NOW,
    )
    shown = text(client.get(reverse("questionnaire-draft-question", args=[draft.pk, "monthly"])))
    assert "Its answer is read by" in shown
    assert "The calculated value “total”" in shown
    removed = text(act(client, draft, "question-remove monthly"))
    assert "The calculated value “total”" in removed
    assert "A check on the page “Page money”" in removed
    assert f'href="#{"page-money"}"' in removed, "the fault leads to its page"
    post(client, "questionnaire-draft-undo", draft)
    assert faults_of(held(draft).document) == []


@pytest.mark.parametrize(
    ("rows", "at", "sentence"),
    [
        (row(0, "nationality", "===", "JP"), "answer-0", "is asked on the page “Page abroad”, too late for this"),
        (row(0, "nobody", "===", "x"), "answer-0", "No page before this one asks for it"),
        (row(0, "papers_sent", "===", "3"), "answer-0", "worked out of answers that come later"),
        (row(0, "main_fund", "===", "gambling"), "value-0", "“gambling” is none of its answers any more"),
        (row(0, "main_fund", "<", "salary"), "operator-0", "This answer cannot be compared so"),
        (row(0, "monthly", ">", "a lot"), "value-0", "Enter a whole number"),
        (row(0, "handles_cash", "===", ""), "value-0", "Choose or enter a value"),
        (row(0, "payments", ">", "1000"), "value-0", "No answer to this question makes it hold"),
        (row(0, "income", "===", "5"), "value-0", "No answer to this question makes it hold"),
        (
            row(0, "handles_cash", "===", "true") | row(1, "handles_cash", "===", "false"),
            "value-1",
            "Together with the rows above, this can never hold",
        ),
        (
            row(0, "funds", "has", "none") | row(1, "funds", "has", "salary"),
            "value-1",
            "Together with the rows above, this can never hold",
        ),
    ],
)
def test_a_condition_row_complains_at_its_place_and_keeps_what_was_typed(
    rows: dict[str, str],
    at: str,
    sentence: str,
    draft: QuestionnaireDraft,
    officer: User,
    staff_client: SignIn,
) -> None:
    client = staff_client(english(officer))
    words = {"id": "abroad", "title-ja": "海外", "why-ja": "理由の下書き", "step": "keep"}
    refused = post(client, "questionnaire-draft-page", draft, "abroad", **words, **rows)
    assert refused.status_code == 422
    assert held(draft).document == EVERYTHING, "nothing is kept before it is right"
    shown = text(refused)
    assert "理由の下書き" in shown
    error = shown.split(f'id="id_condition-{at}_error"', 1)[1].split("</div>", 1)[0]
    assert sentence in error
    last = max(int(key[-1]) for key in rows if key.startswith("condition-value"))
    typed = rows[f"condition-value-{last}"]
    control = shown.split(f'id="id_condition-value-{last}"', 1)
    assert not typed or typed in control[0][-200:] + control[1][:4_000]


def test_a_row_that_went_wrong_meanwhile_says_so_when_the_page_is_opened(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    act(client, draft, "question-to handles_cash papers 0")
    shown = text(client.get(reverse("questionnaire-draft-page", args=[draft.pk, "abroad"])))
    assert "“handles_cash” is asked on the page “Page papers”, too late for this" in shown
    assert "handles_cash (cannot be read here)" in shown
    assert "Salary" in shown, "the other row is as it was"


def test_a_condition_is_removed_by_emptying_its_rows(
    draft: QuestionnaireDraft, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    words = {"id": "abroad", "title-ja": "海外", "why-ja": "理由", "step": "keep", **row(0, "", "===", "")}
    assert post(client, "questionnaire-draft-page", draft, "abroad", **words).status_code == 200
    assert "show_if" not in page_of(held(draft).document, "abroad")  # type: ignore[operator]  # it is there, or the test fails


@override("en")
def test_a_check_reads_answers_up_to_its_page_and_nothing_that_is_worked_out() -> None:
    checked = reach_of_check(EVERYTHING, "money", "en")
    assert "monthly" in checked.comparables
    assert "nationality" not in checked.comparables
    assert not {"total", "changed:address"} & checked.comparables.keys()
    shown = reach_of_page(EVERYTHING, "abroad", "en")
    assert {"total", "changed:address", "address_more", "postal_code", "name_kana"} - shown.comparables.keys() == {
        "address_more"
    }
    assert "is_exposed" not in shown.comparables, "worked out of what comes later"
    assert "total" not in reach_of_calculated(EVERYTHING, "total", "en").comparables
    form = ConditionForm(checked, {">": [{"var": "total"}, 5]})
    assert form.errors == {"answer-0": ["A check compares what was answered, nothing that is worked out of it."]}


def test_one_of_several_rows_may_be_alone_and_one_that_never_holds_is_found() -> None:
    reach = reach_of_page(EVERYTHING, "", "en")
    both = [Row("handles_cash", "===", "true"), Row("handles_cash", "===", "false")]
    assert impossible_rows("or", both, reach) == []
    assert impossible_rows("and", both, reach) == [1]
    assert impossible_rows("and", [Row("total", ">", "5"), Row("total", "<", "6")], reach) == [1]
    assert impossible_rows("and", [Row("total", ">", "5"), Row("total", "<", "7")], reach) == []
    assert impossible_rows("and", [Row("nickname", "===", "a"), Row("nickname", "===", "b")], reach) == [1]
    assert impossible_rows("and", [Row("nickname", "!==", "a"), Row("nickname", "!==", "b")], reach) == []
    assert impossible_rows("or", [Row("payments", ">", "1000"), *both], reach) == [0]


@override("en")
def test_a_condition_in_jsonlogic_that_reads_what_nobody_asks_is_refused() -> None:
    shape = {"and": [{"or": [{"===": [{"var": "nobody"}, "x"]}, {"===": [{"var": "moved"}, True]}]}]}
    form = ConditionForm(reach_of_page(EVERYTHING, "", "en"), shape)
    assert form.is_raw
    typed = {"condition-is_raw": "1", "condition-raw": '{"and": [{"===": [{"var": "nobody"}, "x"]}]}'}
    refused = ConditionForm(reach_of_page(EVERYTHING, "", "en"), shape, typed)
    assert "It reads nobody" in str(refused.errors["raw"])


def test_the_difference_names_checks_and_values_and_their_order() -> None:
    second = {**CHECK, "at": "monthly"}
    with_checks = write_check(write_check(EVERYTHING, "money", "", CHECK), "money", "", second)
    added = changes_between(EVERYTHING, with_checks, "en")
    assert [(one.what, one.subject, one.name, one.place) for one in added] == [
        (What.ADDED, "check", "Question yearly", "Page money"),
        (What.ADDED, "check", "Question monthly", "Page money"),
    ]
    assert {(detail.part, detail.language, detail.after) for detail in added[0].details} == {
        ("message", "ja", "大きすぎます"),
        ("message", "en", "Too large"),
        ("at", "", "Question yearly"),
        ("holds", "", "“Question monthly” is less than 1,000,000 yen"),
    }
    reworded = write_check(with_checks, "money", check_key(CHECK), {**CHECK, "message": {"ja": "見直してください"}})
    [changed] = changes_between(with_checks, reworded, "en")
    assert (changed.what, changed.subject) == (What.CHANGED, "check")
    assert [(one.part, one.language) for one in changed.details] == [("message", "ja"), ("message", "en")]
    turned = changes_between(with_checks, move_check(with_checks, "money", check_key(second), -1), "en")
    assert [(one.what, one.subject, [detail.part for detail in one.details]) for one in turned] == [
        (What.CHANGED, "page", ["order"])
    ]
    gone = changes_between(with_checks, write_check(with_checks, "money", check_key(CHECK), None), "en")
    assert [(one.what, one.subject, one.name) for one in gone] == [(What.REMOVED, "check", "Question yearly")]
    moved = changes_between(EVERYTHING, move_calculated(EVERYTHING, "is_exposed", -3), "en")
    assert [(one.what, one.subject, one.id) for one in moved] == [(What.MOVED, "calculated", "is_exposed")]


def test_the_words_of_a_check_are_missed_at_the_check() -> None:
    silent = write_check(EVERYTHING, "money", "", {**CHECK, "message": {"ja": "大きすぎます"}})
    [missing] = [one for one in missing_words(silent) if one.part == "message"]
    assert (missing.page, missing.check, missing.language) == (
        "money",
        check_key(silent["pages"][2]["checks"][0]),
        "en",
    )


@override("en")
def test_checks_and_values_that_are_gone_or_there_already_are_refused() -> None:
    once = write_check(EVERYTHING, "money", "", CHECK)
    refused: list[Callable[[], object]] = [
        lambda: write_check(once, "money", "", CHECK),
        lambda: write_check(EVERYTHING, "money", check_key(CHECK), CHECK),
        lambda: move_check(EVERYTHING, "money", check_key(CHECK), 1),
        lambda: remove_calculated(EVERYTHING, "nothing"),
        lambda: move_calculated(EVERYTHING, "nothing", 1),
    ]
    for edit in refused:
        with pytest.raises(EditRefused):
            edit()
    full = EVERYTHING
    for number in range(10):
        full = write_check(full, "money", "", {**CHECK, "message": {"ja": str(number)}})
    with pytest.raises(EditRefused, match="at most 10 checks"):
        write_check(full, "money", "", CHECK)


def test_sentences_are_in_both_languages_and_readers_are_found() -> None:
    assert check_sentence(CHECK, EVERYTHING, "en").endswith("stops at “Question yearly” and reads: Too large")
    assert "大きすぎます" in check_sentence(CHECK, EVERYTHING, "ja")
    assert value_sentence({"id": "x", "count": "card"}, EVERYTHING, "en") == "How many were given at “Question card”"
    reading = places_reading(write_check(EVERYTHING, "money", "", CHECK), "en")
    assert [place.reading for place in places_of("monthly", reading)] == [Reading.CHECK, Reading.CALCULATED]
    assert [place.reading for place in places_of("yearly", reading)] == [Reading.STOP, Reading.CALCULATED]
    assert [place.id for place in places_of("address", reading)] == ["evidence"], "whether it differs from the file"


def test_a_wrong_value_is_blamed_itself_and_not_the_page_that_reads_it() -> None:
    wrong = write_calculated(EVERYTHING, "total", {"id": "total", "sum": ["handles_cash"]})
    assert [(one.question, one.page) for one in faults_of(wrong)] == [("total", "")]
    made = document(
        page("one", question("a", "yes_no")),
        page("two", question("b", "yes_no"), show_if={"===": [{"var": "flag"}, True]}),
        calculated=[{"id": "flag", "holds": {"===": [{"var": "a"}, "x"]}}],
    )
    assert [(one.question, one.part) for one in faults_of(made)] == [("flag", "holds")]


def test_only_who_may_write_sees_the_forms_and_reads_the_rest(
    draft: QuestionnaireDraft, approver: User, staff_client: SignIn
) -> None:
    client: Client = staff_client(english(approver))
    assert client.get(reverse("questionnaire-draft-check-new", args=[draft.pk, "money"])).status_code == 403
    assert client.get(reverse("questionnaire-draft-calculated", args=[draft.pk, "total"])).status_code == 403
    outline = text(client.get(reverse("questionnaire-draft", args=[draft.pk])))
    assert "The sum of “Question monthly”, “Question yearly”" in outline
    assert 'value="calculated-up' not in outline
