"""What the file answers already, and on what an answer differs from it."""

from typing import Any

import pytest

from questionnaires.models import Response
from questionnaires.sittings import Sitting
from tests.questionnaires.documents import everything, one_page, question

FACTS: dict[str, Any] = {
    "name": "山田 花子",
    "kana": "ヤマダ ハナコ",
    "postal_code": "1680064",
    "address": "東京都杉並区永福1-2-3",
    "phone": "+819012345678",
}


def sitting(**facts: Any) -> Sitting:
    known = {key: value for key, value in {**FACTS, **facts}.items() if value is not None}
    return Sitting(response=Response(), questionnaire=everything(), facts=known, typed=frozenset())


def test_what_the_file_answers_is_held_by_field_and_the_rest_is_asked() -> None:
    page = everything().page("who")
    assert page is not None
    held = sitting().held(page)
    assert held == {
        "name": "山田 花子",
        "name_kana": "ヤマダ ハナコ",
        "postal_code": "1680064",
        "address": "東京都杉並区永福1-2-3",
        "phone": "+819012345678",
    }
    assert sitting().known(page) == held
    assert sitting(latin_name="YAMADA HANAKO").held(page)["name_latin"] == "YAMADA HANAKO"


@pytest.mark.parametrize("lost", ["kana", "address"])
def test_a_page_cannot_be_confirmed_while_the_file_lacks_something_required(lost: str) -> None:
    page = everything().page("who")
    assert page is not None
    assert sitting(**{lost: None}).known(page) == {}
    assert "name" in sitting(address=None).held(page)
    assert "name" not in sitting(kana=None).held(page)


def test_a_required_question_that_the_file_keeps_nothing_of_is_always_asked() -> None:
    page = one_page(question("phone", "tel", maps_to="phone"), question("why", "text", required=True), block=True)
    assert sitting().known(page) == {}


def test_what_is_written_in_another_way_does_not_differ_from_the_file() -> None:
    page = everything().page("who")
    assert page is not None
    said = {
        "name": "山田　花子",
        "name_kana": "ヤマダ ハナコ",
        "name_latin": None,
        "postal_code": "168-0064",
        "address": "東京都杉並区永福１−２−３",
        "phone": "090-1234-5678",
        "email": "",
        "office": "どこか",
    }
    assert sitting().changed(page, said) == []
    moved = {**said, "address": "東京都杉並区永福1-2-4", "email": "hanako@example.com"}
    assert sitting().changed(page, moved) == ["address", "email"]
