"""What customers choose from when they tell of circumstances."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = Promise | str

WHEN: Mapping[str, Words] = {
    "MORNING": _("Before noon"),
    "AFTERNOON": _("In the afternoon"),
    "SELF": _("I will call you"),
}
REASONS: Mapping[str, Words] = {
    "SOME": _("I do not want to answer some of the questions"),
    "ONLINE": _("I am uneasy about answering on the internet"),
    "USE": _("I wonder what it is used for"),
    "TROUBLE": _("It is too much trouble"),
    "ALL": _("I do not want to answer anything"),
}
