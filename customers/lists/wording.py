"""What is wrong with a list, in sentences, and what its parts are called."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from customers.codes import LANGUAGES, label_of
from customers.lists.comparing import Turn
from customers.lists.content import Problem

_SENTENCES: Mapping[str, Promise] = {
    "bad_name": _("The list needs a name of up to %(what)s characters, in Japanese and English."),
    "none_offered": _("A list offers at least one choice."),
    "too_many": _("A list has at most %(what)s choices."),
    "too_many_groups": _("A list has at most %(what)s groups."),
    "bad_code": _("The code “%(what)s” cannot be: 1 to 24 letters, digits and underscores, a letter or digit first."),
    "code_twice": _("The code “%(what)s” stands here twice."),
    "code_folds": _("It differs from the code “%(what)s” in capital letters only."),
    "no_japanese": _("It has no words in Japanese."),
    "bad_words": _("Words have up to %(what)s characters on one line."),
    "bad_also": _("Up to %(what)s other names, each of up to 100 characters."),
    "bad_group": _("The name of the group “%(what)s” cannot be: up to 100 characters on one line."),
    "group_said_twice": _("The group “%(what)s” has other words on an earlier row."),
    "bad_offered": _("“%(what)s” does not say whether it is offered: write ○ or ×."),
    "name_twice": _("A word of it is a word of “%(what)s” too, so a file could mean either."),
    "gone": _("“%(what)s” is missing. A choice that was published stays; offer it no more instead."),
    "word_moved": _("A word of it meant “%(what)s” until now. Files that go on saying it would change their meaning."),
}
_PARTS: Mapping[str, Promise] = {
    "code": _("Code"),
    "group": pgettext_lazy("of choices", "Group"),
    "also": _("Other names"),
    "offered": pgettext_lazy("of choices", "Offered"),
}
TURNS: Mapping[Turn, Promise] = {
    Turn.ADDED: pgettext_lazy("choice", "Added"),
    Turn.REMOVED: pgettext_lazy("choice", "Taken out"),
    Turn.CHANGED: pgettext_lazy("choice", "Changed"),
    Turn.RETIRED: _("Offered no more"),
    Turn.RESTORED: _("Offered again"),
}


def sentence_of(problem: Problem) -> str:
    """What is wrong, and of which entry."""
    if problem.code == "unreadable":
        return problem.what
    said = str(_SENTENCES[problem.code]) % {"what": problem.what}
    return f"{problem.entry}{gettext(': ')}{said}" if problem.entry else said


def part_name(part: str) -> str:
    """What a part of an entry is called: a language, or the rest."""
    return str(_PARTS[part]) if part in _PARTS else label_of(LANGUAGES, part, get_language() or "ja")
