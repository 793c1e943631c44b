"""What each flag asks of whoever meets the customer, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.flags.models import CustomerFlag

Kind = CustomerFlag.Kind

WHAT_TO_DO: Mapping[str, Promise | str] = {
    Kind.DECEASED: _("Nobody asks anything any more. Notices, calls and letters are withdrawn, and links have ended."),
    Kind.GUARDIAN: _(
        "Speak to the guardian, not to the customer. Only letters are sent, and only to the guardian; links that the "
        "customer holds have ended."
    ),
    Kind.LITIGATION: _(
        "Contact nobody before you have asked the department in charge. Notices, calls and letters are withdrawn, and "
        "links have ended."
    ),
    Kind.DO_NOT_CONTACT: _("No notices, calls, visits or letters. An answer that comes by itself is taken."),
    Kind.VULNERABLE: _(
        "Take time, use simple words, and offer to speak with somebody the customer trusts. Calls and letters come "
        "first."
    ),
}
