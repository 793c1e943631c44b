"""Finding one's way in a document while it may still be wrong: pages, questions, names that are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from questionnaires.schema import digest_of

type Part = dict[str, Any]
type Document = Mapping[str, Any]


class EditRefused(Exception):
    """The document cannot be changed so; its text is a sentence for the person who asked."""


def questions_of(document: Document) -> Iterator[tuple[Part, Part]]:
    """Every page with each of its questions, in order."""
    for page in document["pages"]:
        for question in page["questions"]:
            yield page, question


def page_of(document: Document, page_id: str) -> Part | None:
    """The page of this id."""
    return next((page for page in document["pages"] if page["id"] == page_id), None)


def question_of(document: Document, question_id: str) -> Part | None:
    """The question of this id."""
    return next((question for _, question in questions_of(document) if question["id"] == question_id), None)


def page_with(document: Document, question_id: str) -> Part | None:
    """The page that asks a question."""
    return next((page for page, question in questions_of(document) if question["id"] == question_id), None)


def check_key(check: Mapping[str, Any]) -> str:
    """What a check is called in addresses: it has no id, so that another of the same words is the same."""
    return digest_of(check)[:16]


def check_of(page: Mapping[str, Any], key: str) -> Part | None:
    """The check of a page that is called so."""
    return next((check for check in page.get("checks", ()) if check_key(check) == key), None)


def calculated_of(document: Document, name: str) -> Part | None:
    """The calculated value of this id."""
    return next((one for one in document.get("calculated", ()) if one["id"] == name), None)


def names_taken(document: Document) -> set[str]:
    """The ids of pages, questions and calculated values."""
    asked = {question["id"] for _, question in questions_of(document)}
    return asked | {page["id"] for page in document["pages"]} | {one["id"] for one in document.get("calculated", ())}


def free_name(stem: str, taken: set[str]) -> str:
    """``stem`` with the first number that nobody has; at most 40 characters."""
    number = 1
    while (name := f"{stem[: 40 - len(str(number)) - 1]}_{number}") in taken:
        number += 1
    return name


def said(part: Mapping[str, Any], key: str, language: str) -> str:
    """A text in a language, or in whichever it has; "" if none."""
    words = part.get(key) or {}
    return next((found for found in (words.get(language), words.get("ja"), *words.values()) if found), "")


def name_of(part: Mapping[str, Any], language: str) -> str:
    """What a page or question is called in a list: its text, or its id while it has none."""
    return said(part, "title", language) or said(part, "label", language) or str(part["id"])


def lists_used_by(document: Document) -> dict[str, list[Part]]:
    """The questions that offer each list of choices; those that none offers are in it too."""
    used: dict[str, list[Part]] = {name: [] for name in document.get("choice_lists", {})}
    for _, question in questions_of(document):
        if "choices" in question:
            used.setdefault(str(question["choices"]), []).append(question)
    return used
