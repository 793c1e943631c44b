"""Sentences of the audit trail about the register of companies, its news, and registry certificates."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

COMPANIES: Mapping[str, Wording] = {
    "customer.register_asked": Wording(
        _("%(actor)s asked the tax agency's register about customer %(target)s."), "search"
    ),
    "customer.gbiz_asked": Wording(_("%(actor)s asked gBizINFO about customer %(target)s."), "search"),
    "gbizaccess.set": Wording(_("%(actor)s set up the access to gBizINFO."), "key", "warning"),
    "gbizaccess.ended": Wording(_("%(actor)s ended the access to gBizINFO and destroyed its token."), "x", "warning"),
    "companynews.found": Wording(
        _("The register of companies told something about customer %(target)s."), "info", "info"
    ),
    "companynews.taken_over": Wording(
        _("%(actor)s took over news about customer %(target)s into the file."), "check", "success"
    ),
    "companynews.dealt_with": Wording(_("%(actor)s dealt with news about customer %(target)s."), "check"),
    "registrycertificate.ordered": Wording(
        _("%(actor)s ordered a registry certificate of customer %(target)s."), "form", "info"
    ),
    "registrycertificate.transcribed": Wording(
        _("%(actor)s transcribed a registry certificate of customer %(target)s."), "edit", "info"
    ),
    "registrycertificate.checked": Wording(
        _("%(actor)s checked a registry certificate of customer %(target)s."), "check", "success"
    ),
    "registrycertificate.requested": Wording(
        _("%(actor)s returned a registry certificate of customer %(target)s for correction."), "undo", "warning"
    ),
    "registrycertificate.cancelled": Wording(
        _("A registry certificate of customer %(target)s is not needed any more."), "x"
    ),
    "companynews.no_matter": Wording(_("%(actor)s found news about customer %(target)s to be of no matter."), "x"),
}
