"""Persons on a form, such as owners and officers: their controls, and how they are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from questionnaires.controls import person_control
from questionnaires.marking import in_language
from questionnaires.masking import Masked, mask_name, plain
from questionnaires.schema import Question


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a control."""

    value: str
    label: str
    is_chosen: bool
    asks_more: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what is in it, and what is wrong with it."""

    name: str
    label: str
    value: str = ""
    error: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    kind: str = ""
    read: str = ""  # how it was read, where that is not what was typed


@dataclass(frozen=True, slots=True)
class Person:
    """The controls about one person; `number` counts from one."""

    number: int
    controls: tuple[Control, ...]


def person_labels() -> dict[str, str]:
    """What is asked of a person."""
    return {
        "name": _("Full name"),
        "birth_on": _("Date of birth"),
        "position": _("Position"),
        "share_percent": _("Share of the voting rights (%)"),
        "is_pep": _("Has this person held an important public office in another country?"),
    }


def person_hints() -> dict[str, str]:
    """How it is answered."""
    return {
        "name": _("As on official documents. Names in Roman letters may stay in their own order."),
        "birth_on": _("The Western year or a Japanese era. Examples: 1949-05-03, %(example)s")
        % {"example": in_language("昭和24年5月3日", "ja")},
        "position": _("For example representative director, director or auditor."),
        "share_percent": _("Decimals are fine. Example: 33.4"),
        "is_pep": _(
            "For example head of state, minister, member of parliament or ambassador. For most people the answer is No."
        ),
    }


def labels_of_person(question: Question, number: int) -> dict[str, str]:
    """What an error calls the controls of one person: they all look alike."""
    labels = person_labels()
    return {
        person_control(question, number, name): _("Person %(number)s: %(label)s")
        % {"number": number + 1, "label": labels[name]}
        for name in question.person_fields
    }


def people_in(value: object) -> list[dict[str, object]]:
    """The persons of an answer."""
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []


def said(person: Mapping[str, object], name: str) -> str:
    """A person in words, called as ``name``."""
    beside = person.get("position")
    if "share_percent" in person:
        return _("%(name)s: %(share)s%%") % {"name": name, "share": person["share_percent"]}
    return _("%(name)s: %(position)s") % {"name": name, "position": beside} if beside else name


def masked(person: Mapping[str, object]) -> Masked:
    """A person as the file's record shows them."""
    name = mask_name(str(person.get("name", "")))
    return Masked((*name.parts, *plain(said(person, "")).parts), said(person, name.spoken))
