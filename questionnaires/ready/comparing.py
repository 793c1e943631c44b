"""What one document has that another has not, question by question. No Django, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEW, GONE, OTHER = "new", "gone", "other"

type Document = Mapping[str, Any]


def changes_between(before: Document, after: Document) -> list[tuple[str, str]]:
    """(what became of it, id) of every page and question that is new, gone or says something else."""
    was, now = _parts(before), _parts(after)
    found = [(NEW if name not in was else OTHER, name) for name, part in now.items() if was.get(name) != part]
    return found + [(GONE, name) for name in was if name not in now]


def _parts(document: Document) -> dict[str, Any]:
    lists = document.get("choice_lists", {})
    parts: dict[str, Any] = {}
    for page in document["pages"]:
        parts[page["id"] + "/"] = {key: value for key, value in page.items() if key != "questions"}
        for question in page["questions"]:
            parts[question["id"]] = {**question, "offers": lists.get(question.get("choices"))}
    return parts
