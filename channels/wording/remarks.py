"""What staff read for each of the linter's codes: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.linting import Remark, Severity

REMARKS: Mapping[str, tuple[Promise | str, Promise | str]] = {
    "unknown_variable": (
        _("There is no such variable."),
        _("Choose one from the list, in braces, as it is written there."),
    ),
    "stray_brace": (
        _("A brace opens or closes nothing."),
        _("Write every variable as {name}; braces serve nothing else."),
    ),
    "empty": (_("The text is empty."), _("Write the text.")),
    "no_subject": (_("The first line is missing."), _("Write the subject of the e-mail or the heading of the letter.")),
    "subject_unused": (_("This channel has no subject."), _("Write everything in the text.")),
    "missing_variable": (
        _("A variable that every notice needs is missing."),
        _("Put it in: without it the customer cannot tell that the notice is yours, or cannot answer."),
    ),
    "no_deadline": (_("The text does not say by when to answer."), _("Consider putting in the deadline.")),
    "no_phone": (
        _("The text gives no telephone number."),
        _("Consider putting it in, or refer to the number on the back of the cash card."),
    ),
    "secret": (
        _("The text speaks of a PIN, a password or a card number."),
        _("Banks never ask for these. Only a plain denial may stand, such as “We never ask for your PIN.”"),
    ),
    "threat": (
        _("The text threatens the customer."),
        _("Fraudsters write so. Say what you ask for, why and by when, and leave consequences to a conversation."),
    ),
    "limits": (
        _("The text announces restrictions."),
        _("Customers take this for fraud. Use it only where your terms and the law require it."),
    ),
    "haste": (_("The text presses the customer for time."), _("Give the date of the deadline instead.")),
    "shortener": (
        _("The link hides where it leads."),
        _("Do not use shortened addresses. Use the variable of the link."),
    ),
    "foreign_link": (
        _("A link leads somewhere else than to your own site or the page for answers."),
        _("Take it out, or use the variables of the link and the site."),
    ),
    "link_joined": (
        _("Something is written right behind the link."),
        _("Telephones take it for a part of the address. Begin a new line after the link."),
    ),
    "link_free": (
        _("Your institution sends this channel without links."),
        _("Take the link out and ask the customer to open your site and enter the reference number."),
    ),
    "line_advertising": (
        _("LINE allows no advertising in notification messages."),
        _("Take the word out. LINE may close the account for advertising to people who are not friends."),
    ),
    "line_uri_scheme": (
        _("A link is not encrypted."),
        _("Write addresses that begin with https://."),
    ),
    "link_in_letter": (
        _("The free part of a letter carries no link."),
        _("Take it out: the code to scan and the address of your site are on the sheet."),
    ),
    "half_width_kana": (_("There are half-width katakana."), _("Write them in full width.")),
    "invisible": (_("There are invisible characters."), _("Delete the place and type it again.")),
    "uncommon": (
        _("There are characters that some telephones do not show."),
        _("Write circled numbers, emoji and variant characters in another way."),
    ),
    "segments": (
        _("The message is charged as several parts."),
        _("It is delivered as one. Shorten it where you can; a link alone takes nearly one part."),
    ),
    "too_long": (_("The text is too long for this channel."), _("Shorten it.")),
    "subject_too_long": (_("The subject is too long."), _("Shorten it: telephones show about 30 characters.")),
    "heading_too_long": (_("The heading does not fit on the sheet."), _("Shorten it.")),
    "opening_too_long": (_("The opening does not fit above the fold."), _("Shorten it.")),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A remark in words."""

    is_error: bool
    what: str
    advice: str
    found: str


def in_words(remarks: Sequence[Remark]) -> list[Said]:
    """Remarks as the page shows them."""
    said = []
    for remark in remarks:
        what, advice = REMARKS[remark.code]
        said.append(Said(remark.severity is Severity.ERROR, str(what), str(advice), remark.found))
    return said
