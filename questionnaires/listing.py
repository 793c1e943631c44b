"""Choices that a questionnaire takes from a list of the institution.

A document says in ``lists`` from which list and version each such list of choices was taken; the choices stand in
``choice_lists`` as they were then. So a version that was published never changes when the list moves on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from customers.lists.comparing import Difference, difference
from customers.lists.content import Content
from customers.lists.selectors import InForce, content_of_version, list_in_force, lists_in_force, word_of
from customers.lists.standard import STANDARD_KEYS
from customers.lists.uses import Use, register_uses
from questionnaires.models import QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire, Question

type Document = Mapping[str, Any]
type Part = dict[str, Any]

# Before a list's key, where a choice is offered among the document's own lists.
FROM = "list:"
_FLAGS = ("exclusive", "more")


@dataclass(frozen=True, slots=True)
class Newer:
    """A list of choices whose list has moved on: from which version to which, and what differs in it."""

    name: str
    key: str
    title: Mapping[str, str]
    taken: int
    newest: int
    changes: Difference


def choices_of(content: Content, default: str, held: Sequence[Mapping[str, Any]] = ()) -> list[Part]:
    """What a list offers, as a document has choices; ``held`` says which of them exclude others or ask for more."""
    flags = {one["value"]: {key: one[key] for key in _FLAGS if one.get(key)} for one in held}
    made: list[Part] = []
    for entry in content.offered:
        label = {**entry.words}
        label.setdefault(default, entry.words.get("en") or entry.ja)
        group = {"group": {default: entry.group, **content.group_words(entry.group)}} if entry.group else {}
        made.append({"value": entry.code, "label": label, **group, **flags.get(entry.code, {})})
    return made


def take_list(document: Document, name: str, found: InForce, held: Sequence[Mapping[str, Any]] = ()) -> Part:
    """The document with a list of choices as a list of the institution is in force; new, or anew."""
    changed: Part = deepcopy(dict(document))
    lists = changed.setdefault("choice_lists", {})
    lists[name] = choices_of(found.content, changed["default_language"], held or lists.get(name, ()))
    changed.setdefault("lists", {})[name] = {"list": found.key, "version": found.number}
    return changed


def leave_list(document: Document, name: str) -> Part:
    """The document whose list of choices is its own from now on."""
    changed: Part = deepcopy(dict(document))
    changed.get("lists", {}).pop(name, None)
    if not changed.get("lists"):
        changed.pop("lists", None)
    return changed


def taken_from(document: Document) -> Mapping[str, Mapping[str, Any]]:
    """The list and the version of each list of choices that was taken from one; a draft may say something else too."""
    said = document.get("lists", {})
    return {
        str(name): source
        for name, source in (said.items() if isinstance(said, Mapping) else ())
        if isinstance(source, Mapping) and isinstance(source.get("list"), str) and type(source.get("version")) is int
    }


def newer_lists(document: Document) -> list[Newer]:
    """The lists of choices whose lists have moved on since."""
    found = []
    for name, source in taken_from(document).items():
        current = list_in_force(source["list"])
        if current is None or current.number == source["version"]:
            continue
        before = content_of_version(source["list"], source["version"])
        title = {"ja": current.content.name.ja, "en": current.content.name.en}
        changes = difference(before, current.content)
        found.append(Newer(name, current.key, title, source["version"], current.number, changes))
    return found


def renewed(document: Document, names: Sequence[str] = ()) -> Part:
    """The document with its lists of choices, or with those named, as they are in force now."""
    changed: Part = deepcopy(dict(document))
    for one in newer_lists(document):
        current = list_in_force(one.key)
        if current is not None and (not names or one.name in names):
            changed = take_list(changed, one.name, current)
    return changed


def list_problems(document: Document) -> Iterator[InvalidQuestionnaire]:
    """What is wrong with the lists that a document says it takes its choices from."""
    for name, source in taken_from(document).items():
        content = content_of_version(source["list"], source["version"])
        if content is None:
            yield _problem(
                _("the list '%(list)s' has no version %(version)s here"), list=source["list"], version=source["version"]
            )
            continue
        held = document.get("choice_lists", {}).get(name, ())
        if _spoken(choices_of(content, document["default_language"], held), document) != _spoken(held, document):
            yield _problem(
                _("the choices of '%(name)s' are not those of version %(version)s of the list it is taken from"),
                name=name,
                version=source["version"],
            )
        elif gone := [code for code in _values(held) if not _is_offered(source["list"], code)]:
            yield _no_longer(name, gone)


def retired_among(question: Question) -> list[str]:
    """The choices of a question that the list of the fact it is kept as offers no more."""
    if question.maps_to not in STANDARD_KEYS:
        return []
    return [choice.value for choice in question.choices if not _is_offered(question.maps_to, choice.value)]


def word_on_file(question: Question, code: str, language: str) -> str:
    """What the file's code is called that the question does not offer any more; "" if no list knows it."""
    return word_of(question.maps_to, code, language) if question.maps_to in STANDARD_KEYS else ""


def lists_offered(language: str) -> list[tuple[str, str]]:
    """The lists that choices may be taken from, as (FROM and the key, what it is called)."""
    return [
        (
            FROM + key,
            gettext("From the list “%(name)s” (%(count)s choices)")
            % {"name": one.content.name.in_language(language), "count": len(one.content.offered)},
        )
        for key, one in lists_in_force().items()
    ]


def uses(key: str) -> Iterator[Use]:
    """The newest version of each questionnaire that offers codes of a list."""
    versions = QuestionnaireVersion.objects.select_related("questionnaire")
    for version in versions.order_by("questionnaire_id", "-number").distinct("questionnaire_id"):
        words = gettext("Questionnaire “%(name)s”, version %(version)s")
        yield Use(
            words % {"name": version.questionnaire.name, "version": version.number}, _codes_of(version.document, key)
        )


def register() -> None:
    """Called when the apps are ready."""
    register_uses(uses)


def _codes_of(document: Document, key: str) -> frozenset[str]:
    """The values of choices that are codes of a list: taken from it, or kept as the fact that has its codes."""
    names = {name for name, source in taken_from(document).items() if source["list"] == key}
    questions = [question for page in document.get("pages", ()) for question in page.get("questions", ())]
    names |= {str(one["choices"]) for one in questions if one.get("maps_to") == key and "choices" in one}
    lists = document.get("choice_lists", {})
    return frozenset(value for name in names for value in _values(lists.get(name, ())))


def _spoken(choices: Sequence[Mapping[str, Any]], document: Document) -> list[Part]:
    """Choices with the words that the document speaks; a workbook has no others."""
    languages = document["languages"]

    def words(said: Mapping[str, str]) -> dict[str, str]:
        return {one: said[one] for one in languages if said.get(one)}

    return [{**one, **{key: words(one[key]) for key in ("label", "group") if key in one}} for one in choices]


def _values(choices: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(choice["value"]) for choice in choices]


def _is_offered(key: str, code: str) -> bool:
    found = list_in_force(key)
    label = found.labels.get(code) if found else None
    return label is None or label.is_offered


def _no_longer(name: str, codes: Sequence[str]) -> InvalidQuestionnaire:
    return _problem(_("'%(name)s' offers what is offered no more: %(codes)s"), name=name, codes=", ".join(codes))


def _problem(reason: str, **params: object) -> InvalidQuestionnaire:
    return InvalidQuestionnaire(reason % params, reason=reason, params=params, part="choices")
