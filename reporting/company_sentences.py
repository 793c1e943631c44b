"""Sentences of the audit trail about the register of companies and its news."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

COMPANIES: Mapping[str, Wording] = {
    "customer.register_asked": Wording(
        _("%(actor)s asked the tax agency's register about customer %(target)s."), "search"
    ),
    "companynews.found": Wording(
        _("The register of companies told something about customer %(target)s."), "info", "info"
    ),
    "companynews.taken_over": Wording(
        _("%(actor)s took over news about customer %(target)s into the file."), "check", "success"
    ),
    "companynews.dealt_with": Wording(_("%(actor)s dealt with news about customer %(target)s."), "check"),
    "companynews.no_matter": Wording(_("%(actor)s found news about customer %(target)s to be of no matter."), "x"),
}
