"""A document with every kind of question, and smaller ones made for one test."""

import copy
from typing import Any

from questionnaires.schema import Page, Questionnaire
from questionnaires.shaping import parse


def question(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": kind, "label": {"ja": f"問い {name}", "en": f"Question {name}"}, **more}


def page(name: str, *questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    words = {"ja": f"ページ {name}", "en": f"Page {name}"}
    return {"id": name, "title": words, "why": {"ja": "理由", "en": "Reason"}, "questions": list(questions), **more}


def document(*pages: dict[str, Any], **more: Any) -> dict[str, Any]:
    words = {"ja": "確認", "en": "Confirmation"}
    head = {"id": "example", "title": words, "languages": ["ja", "en"], "default_language": "ja"}
    return copy.deepcopy({**head, "choice_lists": CHOICES, "pages": list(pages), **more})


def one_page(*questions: dict[str, Any], **more: Any) -> Page:
    """The page of a document that asks these questions and nothing else."""
    return parse(document(page("only", *questions, **more))).pages[0]


def _choice(value: str, ja: str, en: str, **more: bool) -> dict[str, Any]:
    return {"value": value, "label": {"ja": ja, "en": en}, **more}


CHOICES: dict[str, Any] = {
    "funds": [
        _choice("salary", "給与", "Salary"),
        _choice("pension", "年金", "Pension"),
        _choice("other", "その他", "Other", more=True),
        _choice("none", "該当なし", "None of these", exclusive=True),
    ]
}

EVERYTHING: dict[str, Any] = document(
    page("about", question("notice", "information", hint={"ja": "はじめに", "en": "First"})),
    page(
        "who",
        question("name", "name", maps_to="name", parts=["full", "kana", "latin"], required=True, autocomplete="name"),
        question("address", "address", maps_to="address", required=True),
        question("office", "address"),
        question("phone", "tel", maps_to="phone"),
        question("email", "email", maps_to="email"),
        block=True,
    ),
    page(
        "money",
        question("funds", "checkboxes", choices="funds", required=True, constraints={"max_chosen": 2}),
        question("main_fund", "radio", choices="funds"),
        question("income", "band", bands=[0, 3_000_000, 10_000_000]),
        question("monthly", "amount", constraints={"min": 0, "max": 50_000_000}),
        question("yearly", "amount"),
        question("payments", "number", constraints={"max": 1_000}),
        question("handles_cash", "yes_no", maps_to="handles_cash"),
    ),
    page(
        "abroad",
        question("nationality", "country", maps_to="nationality", required=True),
        question("moved_on", "date", constraints={"earliest": "today-1y", "latest": "today"}),
        question("remarks", "paragraph", constraints={"max_length": 400}),
        question("nickname", "text", constraints={"min_length": 2}),
        show_if={"and": [{"===": [{"var": "handles_cash"}, True]}, {"in": ["salary", {"var": "funds"}]}]},
    ),
    page("officers", question("officers", "people", person_fields=["name", "position"], constraints={"max_people": 3})),
    page(
        "evidence",
        question("moved", "yes_no"),
        show_if={"===": [{"var": "changed:address"}, True]},
    ),
    page(
        "papers",
        question("card", "file", sides=["front", "back"], constraints={"max_files": 3}, keep_months=12),
        question("proof", "file", accepts=["pdf"], keep_until="review"),
    ),
    page("end_of_it", question("is_true", "declaration"), show_if={">": [{"var": "total"}, 100]}),
    page("identity_check", question("identity_check", "ekyc", methods=["jpki_signature"])),
    calculated=[
        {"id": "total", "sum": ["monthly", "yearly"]},
        {"id": "officers_named", "count": "officers"},
        {"id": "papers_sent", "count": "card"},
        {"id": "is_exposed", "holds": {"===": [{"var": "nationality"}, "VN"]}},
    ],
)


def everything() -> Questionnaire:
    return parse(EVERYTHING)
