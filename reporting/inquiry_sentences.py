"""What the audit trail says of what customers ask and tell us from their pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

INQUIRIES: Mapping[str, Wording] = {
    "inquiry.opened": Wording(_("An inquiry came from the link of customer %(target)s."), "mail", "info"),
    "inquiry.asked_again": Wording(_("Customer %(target)s wrote again in an inquiry."), "mail", "info"),
    "inquiry.written": Wording(_("%(actor)s wrote an answer to customer %(target)s."), "edit", "success"),
    "inquiry.assigned": Wording(_("%(actor)s assigned an inquiry of customer %(target)s."), "user"),
    "inquiry.open": Wording(_("The inquiry of customer %(target)s is open again."), "undo"),
    "inquiry.answered": Wording(_("The inquiry of customer %(target)s was answered."), "check", "success"),
    "inquiry.closed": Wording(_("%(actor)s closed the inquiry of customer %(target)s."), "check"),
    "callrequest.made": Wording(_("A call was asked for from the link of customer %(target)s."), "clock", "info"),
    "claim.made": Wording(
        _("Circumstances of customer %(target)s were told from their link; nothing changed yet."), "alert", "warning"
    ),
    "deliveryattempt.delayed": Wording(
        _("A notice to customer %(target)s waits because of what was told of them."), "pause", "warning"
    ),
    "deliveryattempt.released": Wording(_("A notice to customer %(target)s need not wait any longer."), "play"),
    "claim.confirmed": Wording(_("%(actor)s confirmed what was told of customer %(target)s."), "check", "warning"),
    "claim.dismissed": Wording(_("%(actor)s did not confirm what was told of customer %(target)s."), "undo"),
    "periodicreview.refused": Wording(
        _("Customer %(target)s does not wish to answer; nobody asks any more in this campaign."), "x", "warning"
    ),
}
