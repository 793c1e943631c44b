"""What the audit trail says of the customer file: looks at its past, and pairs of customers who look alike."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

FILE: Mapping[str, Wording] = {
    "customer.looked_back": Wording(
        _("%(actor)s looked at what was on file about customer %(target)s on %(on)s."), "eye", "warning"
    ),
    "matchcandidate.found": Wording(_("Customer %(target)s was found to be like another."), "users", "info"),
    "matchcandidate.open": Wording(_("Whether customer %(target)s and another are one is to be judged again."), "undo"),
    "matchcandidate.different": Wording(
        _("%(actor)s judged that customer %(target)s and another are not the same."), "check", "success"
    ),
    "matchcandidate.household": Wording(
        _("%(actor)s judged that customer %(target)s and another are one household."), "check", "success"
    ),
    "matchcandidate.gone": Wording(_("Customer %(target)s is no longer like another."), "circle"),
    "customer.related_entered": Wording(_("%(actor)s entered a related party of customer %(target)s."), "user", "info"),
    "customer.related_changed": Wording(_("%(actor)s changed a related party of customer %(target)s."), "edit"),
    "customer.related_ended": Wording(_("%(actor)s ended a related party of customer %(target)s."), "x", "warning"),
    "customer.owner_paper_taken": Wording(
        _("%(actor)s took in a paper about the owners of customer %(target)s."), "form", "info"
    ),
    "fixedlayout.saved": Wording(
        _("%(actor)s described a layout of fixed-length files: %(columns)s columns in %(length)s bytes."), "edit"
    ),
    "fixedlayout.removed": Wording(_("%(actor)s removed a layout of fixed-length files."), "x"),
}
