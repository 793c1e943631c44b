"""What a document may say, and what it is refused for, by the name of the place."""

import copy
from typing import Any

import jsonschema
import pytest

from questionnaires.fitting import json_schema
from questionnaires.routing import answers_on_route, facts_answered, route, worked_out
from questionnaires.schema import CHANGED, InvalidQuestionnaire, Keep
from questionnaires.shaping import parse
from tests.questionnaires.documents import EVERYTHING, document, everything, page, question

FLAG = {"===": [{"var": "a"}, True]}


def test_the_published_schema_is_one_and_takes_a_document_with_every_kind() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    kinds = {question.kind.value for question in everything().questions()}
    assert kinds == set(json_schema()["$defs"]["question"]["properties"]["kind"]["enum"])


def test_every_field_says_as_which_fact_it_is_kept() -> None:
    kept = {field: fact for question in everything().questions() for field, fact in question.facts.items() if fact}
    assert kept == {
        "name": "name",
        "name_kana": "kana",
        "name_latin": "latin_name",
        "postal_code": "postal_code",
        "address": "address",
        "phone": "phone",
        "email": "email",
        "handles_cash": "handles_cash",
        "nationality": "nationality",
    }


def test_a_language_without_words_is_reported_and_the_default_stands_in() -> None:
    made = document(page("one", question("a", "text")), languages=["ja", "en", "vi"])
    made["pages"][0]["questions"][0]["label"] = {"ja": "お名前", "vi": " "}
    parsed = parse(made)
    assert parsed.pages[0].questions[0].label == {"ja": "お名前", "en": "お名前", "vi": "お名前"}
    assert set(parsed.untranslated) == {
        ("document: title", "vi"),
        ("page 'one': title", "vi"),
        ("page 'one': why", "vi"),
        ("question 'a': label", "en"),
        ("question 'a': label", "vi"),
    }


@pytest.mark.parametrize(
    "words",
    [
        "キャッシュカードの暗証番号",
        "パスワードを入力してください",
        "カード番号（16桁）",
        "マイナンバー",
        "Your PIN code",
        "One-time password",
        "mật khẩu",
        "银行卡密码",
    ],
)
def test_no_question_can_ask_for_a_secret(words: str) -> None:
    for key in ("label", "hint"):
        made = document(page("one", question("a", "text", **{key: {"ja": words}})))
        with pytest.raises(InvalidQuestionnaire, match="secret that no bank asks for"):
            parse(made)


def test_what_was_published_once_is_read_whatever_is_thought_of_its_words_now() -> None:
    made = document(page("one", question("pin", "text", label={"ja": "暗証番号"})))
    assert parse(made, is_published=True).pages[0].fields == ("pin",)
    with pytest.raises(InvalidQuestionnaire):
        parse(made)


@pytest.mark.parametrize(
    "words", ["在留カード番号", "マイナンバーカードをご用意ください", "Residence card number", "Spinning"]
)
def test_what_only_sounds_like_a_secret_may_be_asked(words: str) -> None:
    assert parse(document(page("one", question("a", "text", label={"ja": words}))))


@pytest.mark.parametrize("name", ["pin", "card_pin", "user_password", "otp_code", "cvv"])
def test_no_answer_can_be_called_as_a_secret_is(name: str) -> None:
    with pytest.raises(InvalidQuestionnaire, match="can't be an id"):
        parse(document(page("one", question(name, "text"))))


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ([question("a", "number", constraints={"max_length": 3})], "constrain no answer of kind number"),
        ([question("a", "number", constraints={"min": 3, "max": 2})], "no answer is between 3 and 2"),
        ([question("a", "text", constraints={"min_length": 300})], "no answer is between 300 and 200"),
        ([question("a", "date", constraints={"latest": "2026-02-30"})], "no such day"),
        ([question("a", "date", constraints={"latest": "tomorrow"})], "does not match"),
        ([question("a", "band", bands=[5, 1])], "ascending"),
        ([question("a", "band")], "ascending"),
        ([question("a", "name", parts=["kana"])], "asked in full"),
        ([question("a", "people", person_fields=["position"])], "asked for their names"),
        ([question("a", "radio", choices="nothing")], "no choice list 'nothing'"),
        ([question("a", "radio")], "no choice list None"),
        ([question("a", "text"), question("a", "text")], "appears twice"),
        ([question("a", "name", parts=["full", "kana"]), question("a_kana", "text")], "appears twice"),
        ([question("a_kana", "text"), question("a", "name", parts=["full", "kana"])], "asked twice"),
        ([question("a", "text", surprise=1)], "surprise"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(questions: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InvalidQuestionnaire, match=words):
        parse(document(page("one", *questions)))


@pytest.mark.parametrize(
    ("kind", "condition", "words"),
    [
        ("yes_no", {"===": [{"var": "a"}, "yes"]}, "cannot be compared so"),
        ("number", {"===": [{"var": "a"}, True]}, "cannot be compared so"),
        ("number", {"in": [{"var": "a"}, ["1"]]}, "cannot be compared so"),
        ("text", {"in": ["x", {"var": "a"}]}, "cannot be compared so"),
        ("radio", {"===": [{"var": "a"}, "lottery"]}, "never lottery"),
        ("checkboxes", {"in": ["lottery", {"var": "a"}]}, "never lottery"),
        ("checkboxes", {"===": [{"var": "a"}, "salary"]}, "cannot be compared so"),
        ("date", {"<": [{"var": "a"}, 3]}, "cannot be compared so"),
        ("yes_no", {"===": [{"var": "changed:b"}, True]}, "no earlier page asks"),
        ("yes_no", {"===": [{"var": "changed:a"}, "yes"]}, "cannot be compared so"),
    ],
)
def test_a_condition_that_could_never_hold_is_refused(kind: str, condition: object, words: str) -> None:
    choices = {"choices": "funds"} if kind in ("radio", "checkboxes") else {}
    made = document(page("one", question("a", kind, **choices)), page("two", question("b", "text"), show_if=condition))
    with pytest.raises(InvalidQuestionnaire, match=words):
        parse(made)


@pytest.mark.parametrize(
    ("calculated", "words"),
    [
        ({"id": "x", "sum": ["a"]}, "sum cannot be worked out of a"),
        ({"id": "x", "count": "a"}, "count cannot be worked out of a"),
        ({"id": "x", "count": "nothing"}, "reads what no page asks"),
        ({"id": "a", "holds": FLAG}, "appears twice"),
        ({"id": "x", "holds": {"map": []}}, "unknown operator"),
        ({"id": "x", "holds": FLAG, "count": "a"}, "calculated x"),
        ({"id": "x"}, "calculated x"),
    ],
)
def test_a_calculation_that_makes_no_sense_is_refused(calculated: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidQuestionnaire, match=words.replace("calculated x", "calculated 'x'")):
        parse(document(page("one", question("a", "yes_no")), calculated=[calculated]))


def test_a_block_shows_something_that_is_on_file() -> None:
    with pytest.raises(InvalidQuestionnaire, match="nothing on it is on file"):
        parse(document(page("one", question("a", "text"), block=True)))


def test_a_check_points_at_what_its_page_asks() -> None:
    check = {"holds": FLAG, "at": "b", "message": {"ja": "確かめてください"}}
    with pytest.raises(InvalidQuestionnaire, match="points at 'b'"):
        parse(document(page("one", question("a", "yes_no"), checks=[check])))


def test_a_page_for_evidence_is_asked_only_of_who_changed_something() -> None:
    answers: dict[str, Any] = {"address": "東京都杉並区", "postal_code": "168-0064"}
    assert "evidence" in route(everything(), {})  # not known yet
    assert "evidence" not in route(everything(), answers)
    assert "evidence" in route(everything(), {**answers, CHANGED: ["address"]})


def test_that_something_changed_is_kept_with_the_answers_that_count() -> None:
    answers = {"address": "東京都杉並区", "moved": True, CHANGED: ["address", "elsewhere"]}
    kept = answers_on_route(everything(), answers)
    assert kept == {"address": "東京都杉並区", "moved": True, CHANGED: ["address"]}
    assert "evidence" in route(everything(), kept)


def test_several_choices_shape_the_route() -> None:
    asked = {"handles_cash": True, "funds": ["salary", "pension"]}
    assert "abroad" in route(everything(), asked)
    assert "abroad" not in route(everything(), {**asked, "funds": ["pension"]})


def test_what_is_worked_out_shapes_the_route_and_is_unknown_while_an_answer_is() -> None:
    nothing = dict.fromkeys(("total", "officers_named", "papers_sent", "is_exposed"))
    assert worked_out(everything(), {"monthly": 60}) == nothing
    answers = {"monthly": 60, "yearly": 50, "officers": [{"name": "a"}, {"name": "b"}], "nationality": "VN"}
    assert worked_out(everything(), answers) == {**nothing, "total": 110, "officers_named": 2, "is_exposed": True}
    assert "end_of_it" in route(everything(), answers)
    assert "end_of_it" not in route(everything(), {**answers, "yearly": 0})


def test_answers_become_facts_of_the_file_by_their_names_there() -> None:
    made = copy.deepcopy(EVERYTHING)
    made["calculated"][3]["maps_to"] = "is_foreign_pep"
    answers = {"name": "山田", "name_kana": "ヤマダ", "phone": None, "nationality": "VN", "office": "どこか"}
    said = facts_answered(parse(made), answers)
    assert said["kana"] == "ヤマダ"
    assert said["is_foreign_pep"] is True
    assert "office" not in said
    assert said["phone"] is None
    assert "email" not in said, "what is no longer kept says nothing"


def one(kind: str, **more: Any) -> dict[str, Any]:
    return document(page("only", question("q", kind, **more)))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (one("text", accepts=["pdf"]), "'accepts' belongs to questions of kind file"),
        (one("radio", choices="funds", sides=["front"]), "'sides' belongs to questions of kind file"),
        (one("file", methods=["jpki_signature"]), "'methods' belongs to questions of kind ekyc"),
        (one("file", sides=["front", "back"], constraints={"max_files": 1}), "more sides than files"),
        (one("text", keep_months=12, maps_to="occupation"), "kept by the file's rule"),
        (one("information", keep_months=12), "no answer to be kept"),
        (one("ekyc", keep_until="review"), "no answer to be kept"),
        (one("text", keep_months=12, keep_until="review"), "question"),
        (one("text", constraints={"max_files": 2}), "max_files constrain no answer"),
        (
            document(page("b", question("name", "name", maps_to="name"), question("f", "file"), block=True)),
            "on a page of their own",
        ),
    ],
)
def test_what_makes_no_sense_of_files_checks_and_keeping_is_refused(made: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidQuestionnaire, match=reason):
        parse(made)


def test_a_file_is_compared_with_nothing_but_files_can_be_counted() -> None:
    asked = page("later", question("b", "text"), show_if={"===": [{"var": "q"}, "x"]})
    with pytest.raises(InvalidQuestionnaire, match="cannot be compared"):
        parse(document(page("only", question("q", "file")), asked))
    assert worked_out(everything(), {"card": [{"id": "1"}, {"id": "2"}]})["papers_sent"] == 2


def test_how_long_an_answer_is_kept_is_read_with_its_question() -> None:
    asked = {question.id: question.keep for question in everything().questions()}
    assert asked["card"] == Keep(12)
    assert asked["proof"] == Keep(None)
    assert asked["name"] is None
