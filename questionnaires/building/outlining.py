"""The outline of a draft in words: pages with questions and checks, calculated values, and what is wrong where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from questionnaires.building.naming import KINDS
from questionnaires.building.parts import Document, Part, check_key, name_of, page_of, page_with, question_of
from questionnaires.building.readout import check_sentences, sentences_of, value_sentences
from questionnaires.building.using import Place, places_of, places_reading
from questionnaires.schema import InvalidQuestionnaire, Kind

# A document with more pages is folded, so that nobody scrolls for minutes.
MOST_UNFOLDED = 12

type Told = tuple[InvalidQuestionnaire, str]  # a fault, and its sentence
type Wrong = Mapping[tuple[str, str], list[str]]


def outline_of(document: Document, problems: Sequence[Told], language: str, *, at: str) -> list[dict[str, Any]]:
    """The pages. ``at``: the part that somebody comes back to; in a long document its page alone is open."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for one, said in problems:
        wrong.setdefault(("", one.question) if one.question else (one.page, ""), []).append(said)
    opened = _page_at(document, at)
    is_long = is_folded(document)
    return [
        {
            "id": page["id"],
            "name": name_of(page, language),
            "is_block": page.get("block", False),
            "is_open": not is_long or page["id"] == opened,
            "condition": sentences_of(page["show_if"], document) if "show_if" in page else [],
            "problems": wrong.get((page["id"], ""), []),
            "hidden_problems": sum(len(wrong.get(("", one["id"]), ())) for one in page["questions"]) if is_long else 0,
            "questions": [_question(question, wrong, language) for question in page["questions"]],
            "checks": [(check_key(one), check_sentences(one, document)) for one in page.get("checks", ())],
        }
        for page in document["pages"]
    ]


def is_folded(document: Document) -> bool:
    """Whether there are so many pages that all but one are folded."""
    return len(document["pages"]) > MOST_UNFOLDED


def calculated_in(document: Document, problems: Sequence[Told], language: str) -> list[dict[str, Any]]:
    """The calculated values: how each is worked out, what reads it, and what is wrong with it."""
    reading = places_reading(document, language)
    return [
        {
            "id": one["id"],
            "told": value_sentences(one, document),
            "places": places_of(one["id"], reading),
            "fact": one.get("maps_to", ""),
            "problems": [said for error, said in problems if error.question == one["id"]],
        }
        for one in document.get("calculated", ())
    ]


def readers_left(document: Document, language: str, *, page: str = "", question: str = "") -> list[Place]:
    """What would still read an answer, or the answers of a page, were it taken out."""
    reading = places_reading(document, language)
    asked = (page_of(document, page) or {"questions": []})["questions"] if page else [{"id": question}]
    found = [place for one in asked for place in places_of(one["id"], reading)]
    return [place for place in dict.fromkeys(found) if place.id != page]


def place_of(document: Document, error: InvalidQuestionnaire, language: str) -> str:
    """The name of where a fault is, for the list of all of them."""
    if error.question:
        question = question_of(document, error.question)
        return name_of(question, language) if question else error.question
    found = page_of(document, error.page) if error.page else None
    return name_of(found, language) if found else ""


def anchor_of(document: Document, error: InvalidQuestionnaire) -> str:
    """The part of the outline where a fault is; "" if it is nowhere in it."""
    if error.question:
        return f"question-{error.question}" if question_of(document, error.question) else "calculated"
    return f"page-{error.page}" if error.page else ""


def _question(question: Part, wrong: Wrong, language: str) -> dict[str, Any]:
    return {
        "id": question["id"],
        "name": name_of(question, language),
        "kind": KINDS.get(question["kind"], question["kind"]),
        "is_required": question.get("required", False) or question["kind"] == Kind.DECLARATION,
        "is_sensitive": question.get("sensitivity") == "sensitive",
        "is_kept": bool(question.get("maps_to")),
        "problems": wrong.get(("", question["id"]), []),
    }


def _page_at(document: Document, at: str) -> str:
    what, _dash, name = at.partition("-")
    page = page_with(document, name) if what == "question" else page_of(document, name)
    return str(page["id"]) if page else ""
