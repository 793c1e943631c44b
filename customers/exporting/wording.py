"""The words of exports: why there is no file."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_FAILURES: Mapping[str, Promise] = {
    "not_allowed": _("Whoever ordered it may no longer export customers."),
    "workbook": _("It is larger than a workbook can be. Order it as CSV."),
    "segment": _("The filter can no longer be used: something that it asks has changed."),
}


def failure(code: str) -> str:
    """Why there is no file."""
    return str(_FAILURES[code]) if code in _FAILURES else code
