"""Sentences of the trail about the ways in to the customer's pages beside the link."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

ENTRANCES: Mapping[str, Wording] = {
    "entrance.refused": Wording(_("Particulars entered with a reference number did not match."), "lock", "warning"),
    "entrance.word_refused": Wording(_("A word of the institution's own app was refused."), "lock", "warning"),
    "entranceticket.issued": Wording(_("A way in for minutes was made for customer %(target)s."), "key"),
    "entranceticket.used": Wording(_("Customer %(target)s came in from another device or from the app."), "eye"),
    "entranceticket.refused": Wording(
        _("The particulars entered for customer %(target)s did not match."), "lock", "warning"
    ),
    "entrancepolicy.proposed": Wording(_("%(actor)s proposed by what customers prove themselves."), "edit", "info"),
    "entrancepolicy.approved": Wording(_("%(actor)s approved by what customers prove themselves."), "check", "warning"),
    "entrancepolicy.rejected": Wording(_("%(actor)s rejected by what customers would prove themselves."), "undo"),
    "entrancekey.proposed": Wording(_("%(actor)s proposed a key of the institution's own app."), "key", "info"),
    "entrancekey.approved": Wording(_("%(actor)s approved a key of the institution's own app."), "check", "warning"),
    "entrancekey.rejected": Wording(_("%(actor)s rejected a key of the institution's own app."), "undo"),
    "entrancekey.retired": Wording(_("%(actor)s retired a key of the institution's own app."), "x", "warning"),
    "branding.saved": Wording(_("%(actor)s wrote how customers' pages could look."), "edit"),
    "branding.restored": Wording(_("%(actor)s took up an earlier look of customers' pages."), "undo"),
    "branding.proposed": Wording(_("%(actor)s proposed how customers' pages look."), "edit", "info"),
    "branding.approved": Wording(_("%(actor)s approved how customers' pages look."), "check", "warning"),
    "branding.rejected": Wording(_("%(actor)s rejected another look of customers' pages."), "undo"),
    "tenantdomain.proposed": Wording(_("%(actor)s proposed the domain %(host)s."), "edit", "info"),
    "tenantdomain.approved": Wording(_("%(actor)s approved a domain for customers' pages."), "check", "warning"),
    "tenantdomain.rejected": Wording(_("%(actor)s rejected a domain for customers' pages."), "undo"),
    "tenantdomain.in_force": Wording(
        _("DNS proved a domain; customers' pages are answered on it."), "check", "warning"
    ),
    "tenantdomain.retiring": Wording(_("New notices do not lead to a domain any more."), "undo", "warning"),
    "tenantdomain.lapsed": Wording(_("A domain lapsed; nothing is answered on it any more."), "alert", "danger"),
    "tenantdomain.ended": Wording(_("%(actor)s ended a domain; nothing is answered on it any more."), "x", "warning"),
    "tenantdomain.lost": Wording(_("The records of the domain %(host)s were not in DNS any more."), "alert", "danger"),
    "tenantdomain.silent": Wording(_("For a day, DNS did not answer about the domain %(host)s."), "alert", "danger"),
    "tenantdomain.never_proved": Wording(_("The domain %(host)s was not proved within 30 days."), "clock"),
    "delegation.made": Wording(_("Customer %(target)s asked somebody else for a part of the answers."), "user"),
    "delegation.revoked": Wording(_("Customer %(target)s took back what somebody else was asked for."), "undo"),
    "delegation.proved": Wording(_("Somebody who was asked for a part for customer %(target)s began."), "eye"),
    "delegation.refused": Wording(
        _("The number entered for a part for customer %(target)s was wrong."), "lock", "warning"
    ),
    "delegation.page_saved": Wording(_("Somebody else saved a page for customer %(target)s."), "form"),
}
