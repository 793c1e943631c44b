"""Says the parts and changes of a questionnaire in words."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from questionnaires.building import naming
from questionnaires.building.differing import Change, What
from questionnaires.building.naming import KINDS, language_name, part_name
from questionnaires.building.using import Place

register = template.Library()


@register.filter
def part_word(part: str) -> str:
    """A part of a document."""
    return part_name(part)


@register.filter
def language_word(code: str) -> str:
    """A language, in itself."""
    return language_name(code)


@register.filter
def what_word(change: Change) -> str:
    """What became of it."""
    return {
        What.ADDED: _("Added"),
        What.REMOVED: _("Removed"),
        What.MOVED: _("Put elsewhere"),
        What.CHANGED: _("Changed"),
    }[change.what]


@register.filter
def subject_word(change: Change) -> str:
    """What it is."""
    return {
        "document": _("The whole questionnaire"),
        "page": _("Page"),
        "question": _("Question"),
        "check": _("Check between answers"),
        "choices": _("List of choices"),
        "calculated": _("Calculated value"),
    }[change.subject]


@register.filter
def said_word(value: str) -> str:
    """A value of a document as people say it."""
    words = {"true": _("Yes"), "sensitive": _("Yes"), "normal": _("No"), "false": _("No")}
    return words.get(value) or str(KINDS.get(value, value))


@register.filter
def place_word(place: Place) -> str:
    """What reads an answer."""
    return naming.place_word(place)
