"""What differs between two documents, in the words of somebody who approves the second."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from questionnaires.building.naming import part_name
from questionnaires.building.parts import Document, Part, check_key, name_of, questions_of
from questionnaires.building.readout import answer_name, sentence_of

_TEXTS = ("title", "why", "label", "hint", "message")


class What(StrEnum):
    """What became of a page, question, list of choices or calculated value."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is said otherwise. ``language``: of a text; "" of everything else."""

    part: str
    before: str
    after: str
    language: str = ""
    value: str = ""  # of a choice: which


@dataclass(frozen=True, slots=True)
class Change:
    """``subject``: document, page, question, check, choices, calculated. ``place``: of a question or check."""

    what: What
    subject: str
    id: str
    name: str
    place: str = ""
    from_place: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def key(self) -> str:
        """What it is called among the changes between two documents."""
        return f"{self.what} {self.subject} {self.id}"


def changes_between(before: Document, after: Document, language: str) -> list[Change]:
    """Every change, in the order of the document that came later; what is gone comes last of its kind."""
    old, new = _Told(before, language), _Told(after, language)
    return [
        *_of_document(before, after),
        *_of_pages(old, new),
        *_of_questions(old, new),
        *_of_checks(old, new),
        *_of_lists(old, new),
        *_of_calculated(old, new),
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    document: Document
    language: str

    def name(self, part: Part) -> str:
        return name_of(part, self.language)

    def value(self, key: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return _flag(value)
        if key in ("show_if", "holds"):
            return sentence_of(value, self.document, self.language) or json.dumps(value, ensure_ascii=False)
        if key == "constraints" and isinstance(value, dict):
            return ", ".join(f"{part_name(limit)}: {bound}" for limit, bound in value.items())
        if key in ("at", "count"):
            return answer_name(self.document, str(value), self.language)
        if key == "sum" and isinstance(value, list):
            return ", ".join(answer_name(self.document, str(name), self.language) for name in value)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
            return ", ".join(map(str, value))
        return json.dumps(value, ensure_ascii=False)


def _of_document(before: Document, after: Document) -> Iterator[Change]:
    details = list(_texts(before, after, ("title",)))
    for key in ("languages", "default_language", "id"):
        if before.get(key) != after.get(key):
            was, now = (
                ", ".join(one) if isinstance(one, list) else str(one or "") for one in (before.get(key), after.get(key))
            )
            details.append(Detail(key, was, now))
    if details:
        yield Change(What.CHANGED, "document", "", "", details=tuple(details))


def _of_pages(old: _Told, new: _Told) -> Iterator[Change]:
    before = {page["id"]: page for page in old.document["pages"]}
    after = {page["id"]: page for page in new.document["pages"]}
    moved = _out_of_order(list(before), list(after))
    for name, page in after.items():
        if name not in before:
            yield Change(What.ADDED, "page", name, new.name(page), details=tuple(_details(None, page, old, new)))
            continue
        if name in moved:
            yield Change(What.MOVED, "page", name, new.name(page))
        if details := tuple(_details(before[name], page, old, new)):
            yield Change(What.CHANGED, "page", name, new.name(page), details=details)
    for name, page in before.items():
        if name not in after:
            yield Change(What.REMOVED, "page", name, old.name(page))


def _of_questions(old: _Told, new: _Told) -> Iterator[Change]:
    before = {question["id"]: (page, question) for page, question in questions_of(old.document)}
    after = {question["id"]: (page, question) for page, question in questions_of(new.document)}
    moved = _moved_within(old.document, new.document)
    for name, (page, question) in after.items():
        place = new.name(page)
        if name not in before:
            details = tuple(_details(None, question, old, new))
            yield Change(What.ADDED, "question", name, new.name(question), place, details=details)
            continue
        was_page, was = before[name]
        if was_page["id"] != page["id"]:
            yield Change(What.MOVED, "question", name, new.name(question), place, from_place=old.name(was_page))
        elif name in moved:
            yield Change(What.MOVED, "question", name, new.name(question), place)
        if details := tuple(_details(was, question, old, new)):
            yield Change(What.CHANGED, "question", name, new.name(question), place, details=details)
    for name, (page, question) in before.items():
        if name not in after:
            yield Change(What.REMOVED, "question", name, old.name(question), old.name(page))


def _of_checks(old: _Told, new: _Told) -> Iterator[Change]:
    """Checks have no ids: one is the same while it stands at the same answer with the same condition, or else alone."""
    before = {page["id"]: page for page in old.document["pages"]}
    after = {page["id"]: page for page in new.document["pages"]}
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name, {}).get("checks", []), after.get(name, {}).get("checks", [])
        place = new.name(after[name]) if name in after else old.name(before[name])
        pairs = paired(was, now)
        for one in now:
            earlier = pairs.get(check_key(one))
            details = tuple(_details(earlier, one, old, new))
            if details:
                what = What.CHANGED if earlier else What.ADDED
                yield Change(what, "check", check_key(one), new.value("at", one["at"]), place, details=details)
        kept = [check_key(one) for one in pairs.values()]
        for one in was:
            if check_key(one) not in kept:
                yield Change(What.REMOVED, "check", check_key(one), old.value("at", one["at"]), place)
        followed = [check_key(pairs[check_key(one)]) for one in now if check_key(one) in pairs]
        if [key for key in map(check_key, was) if key in followed] != followed:
            order = Detail("order", "", _("The order of the checks"))
            yield Change(What.CHANGED, "page", name, place, details=(order,))


def paired(was: Sequence[Part], now: Sequence[Part]) -> dict[str, Part]:
    """The check that each was before, by the key it has now."""
    left, pairs = list(was), {}
    alike: list[Callable[[Part, Part], bool]] = [
        lambda old, new: old == new,
        lambda old, new: old["at"] == new["at"] and old["holds"] == new["holds"],
        lambda old, new: old["at"] == new["at"],
    ]
    for is_same in alike:
        for one in now:
            if check_key(one) not in pairs and (found := next((old for old in left if is_same(old, one)), None)):
                pairs[check_key(one)] = found
                left.remove(found)
    return pairs


def _of_lists(old: _Told, new: _Told) -> Iterator[Change]:
    before, after = old.document.get("choice_lists", {}), new.document.get("choice_lists", {})
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in before or name not in after:
            yield Change(What.ADDED if name in after else What.REMOVED, "choices", name, name)
        elif details := (*_of_source(old, new, name), *_of_choices(before[name], after[name])):
            yield Change(What.CHANGED, "choices", name, name, details=details)


def _of_source(old: _Told, new: _Told, name: str) -> Iterator[Detail]:
    """From which list of the institution it is taken, at which version."""
    was, now = (_said_source(one.document.get("lists", {}).get(name)) for one in (old, new))
    if was != now:
        yield Detail("lists", was, now)


def _said_source(source: Mapping[str, Any] | None) -> str:
    return f"{source['list']} ({source['version']})" if source else ""


def _of_choices(before: Sequence[Part], after: Sequence[Part]) -> Iterator[Detail]:
    was, now = {one["value"]: one for one in before}, {one["value"]: one for one in after}
    for value in [*now, *(value for value in was if value not in now)]:
        old, new = was.get(value, {}), now.get(value, {})
        for text in _texts(old, new, ("label", "group")):
            yield Detail(text.part, text.before, text.after, text.language, value)
        for key in ("exclusive", "more"):
            if bool(old.get(key)) != bool(new.get(key)):
                yield Detail(key, _flag(old.get(key)), _flag(new.get(key)), value=value)
    if _out_of_order(list(was), list(now)):
        yield Detail("order", ", ".join(was), ", ".join(now))


def _of_calculated(old: _Told, new: _Told) -> Iterator[Change]:
    before = {one["id"]: one for one in old.document.get("calculated", ())}
    after = {one["id"]: one for one in new.document.get("calculated", ())}
    moved = _out_of_order(list(before), list(after))
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in after:
            yield Change(What.REMOVED, "calculated", name, name)
        elif details := tuple(_details(before.get(name), after[name], old, new)):
            yield Change(What.CHANGED if name in before else What.ADDED, "calculated", name, name, details=details)
        elif name in moved:
            yield Change(What.MOVED, "calculated", name, name)


def _details(before: Part | None, after: Part, old: _Told, new: _Told) -> Iterator[Detail]:
    was = before or {}
    yield from _texts(was, after, _TEXTS)
    for key in dict.fromkeys([*was, *after]):
        if key in (*_TEXTS, "id", "questions", "checks") or was.get(key) == after.get(key):
            continue
        yield Detail(key, old.value(key, was.get(key)), new.value(key, after.get(key)))


def _texts(before: Mapping[str, Any], after: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Detail]:
    for key in keys:
        was, now = before.get(key) or {}, after.get(key) or {}
        for language in dict.fromkeys([*was, *now]):
            if was.get(language, "").strip() != now.get(language, "").strip():
                yield Detail(key, was.get(language, ""), now.get(language, ""), language)


def _moved_within(before: Document, after: Document) -> set[str]:
    """The questions that changed their order on a page that they stayed on."""
    home = {question["id"]: page["id"] for page, question in questions_of(before)}
    order: dict[str, list[str]] = {}
    for name, page_id in home.items():
        order.setdefault(page_id, []).append(name)
    moved: set[str] = set()
    for page in after["pages"]:
        stayed = [question["id"] for question in page["questions"] if home.get(question["id"]) == page["id"]]
        moved |= _out_of_order(order.get(page["id"], []), stayed)
    return moved


def _out_of_order(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest of those in both that had to move: all but a longest run in the order that was."""
    place = {name: number for number, name in enumerate(before)}
    common = [name for name in after if name in place]
    best: list[list[str]] = []
    for name in common:
        runs = [run for run in best if place[run[-1]] < place[name]]
        best.append([*max(runs, key=len, default=[]), name])
    stayed = max(best, key=len, default=[])
    return set(common) - set(stayed)


def _flag(value: object) -> str:
    return "true" if value else ""
