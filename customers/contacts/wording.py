"""What is known of contact points, and the score, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.contacts.health import Reason
from customers.contacts.reachability import Band

REASONS: Mapping[str, Promise] = {
    Reason.DELIVERED: _("A message was delivered"),
    Reason.ANSWERED: _("The customer answered through it"),
    Reason.SPOKEN_TO: _("Somebody was spoken to by telephone"),
    Reason.MET: _("Somebody was met there"),
    Reason.TIED: _("The customer tied the account"),
    Reason.FOLLOWED: _("Added as a friend again"),
    Reason.UNFOLLOWED: _("The institution’s account is blocked"),
    Reason.WRONG_NUMBER: _("Wrong number, by telephone"),
    Reason.MOVED: _("The customer has moved"),
    Reason.NOT_AT_ADDRESS: _("Does not live there"),
}
BANDS: Mapping[str, Promise] = {
    Band.HIGH: _("Reached within a year"),
    Band.MEDIUM: _("Reached, but longer ago"),
    Band.LOW: _("Never seen to be reached"),
    Band.NONE: _("Cannot be reached"),
}
