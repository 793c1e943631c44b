"""Which words a document lacks in a language, and where; its default language's stand in for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from questionnaires.building.parts import Document, check_key, lists_used_by


@dataclass(frozen=True, slots=True)
class Missing:
    """Words that are missing in one language. ``choices``: the list they belong to, ``value`` the choice in it."""

    language: str
    part: str
    page: str = ""
    question: str = ""
    check: str = ""  # its key
    choices: str = ""
    value: str = ""
    instead: str = ""  # what is shown in their place


def missing_words(document: Document) -> list[Missing]:
    """Everything untranslated, in the order of the document; a list of choices once, however often it is offered."""
    return list(_all(document))


def by_language(document: Document) -> dict[str, list[Missing]]:
    """The same for each language of the document that lacks something."""
    found: dict[str, list[Missing]] = {}
    for one in missing_words(document):
        found.setdefault(one.language, []).append(one)
    return {language: found[language] for language in document["languages"] if language in found}


def _all(document: Document) -> Iterator[Missing]:
    yield from _of(document, document, "title")
    for page in document["pages"]:
        for key in ("title", "why"):
            yield from _of(document, page, key, page=page["id"])
        for question in page["questions"]:
            for key in ("label", "hint"):
                yield from _of(document, question, key, page=page["id"], question=question["id"])
        for check in page.get("checks", ()):
            yield from _of(document, check, "message", page=page["id"], check=check_key(check))
    for name, used_by in lists_used_by(document).items():
        if used_by:
            for choice in document.get("choice_lists", {}).get(name, ()):
                for key in ("label", "group"):
                    yield from _of(document, choice, key, choices=name, value=choice["value"])


def _of(document: Document, part: Mapping[str, Any], key: str, **place: str) -> Iterator[Missing]:
    if key not in part:
        return
    words = part[key]
    instead = words.get(document["default_language"], "").strip()
    for language in document["languages"]:
        if not words.get(language, "").strip():
            yield Missing(language, key, instead=instead, **place)
