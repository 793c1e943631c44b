"""What a failure means and what to do next: one table from (channel, code) to the two sentences that staff read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelKind

LINE, SMS, EMAIL, POST = ChannelKind.LINE, ChannelKind.SMS, ChannelKind.EMAIL, ChannelKind.POST


@dataclass(frozen=True, slots=True)
class Advice:
    """Why a notice came to nothing, and the next step."""

    reason: Promise | str
    step: Promise | str


_NEXT_CHANNEL = _(
    "Nothing to do: the next channel is tried by itself. Ask for another address when the customer calls."
)
_SETTINGS = _("Ask an administrator to check the account's settings and to resume sending.")
_WAIT = _("Nothing to do: it is tried again by itself.")
_TELL = _("Tell the operator of the service.")
_LOOK = _("Nothing to do: whether it arrived is looked up, and it is tried again where that is safe.")
_PUBLISH = _(
    "Ask an administrator to have the domain's DNS records corrected, then test the account and resume sending."
)
_CERTIFICATE = _("Ask an administrator to put in another certificate, or to sign without one, and to resume sending.")

_DEAD_NUMBER = Advice(_("The telephone number is not in use, or takes no short messages."), _NEXT_CHANNEL)
_DEAD_MAILBOX = Advice(_("The e-mail address does not exist."), _NEXT_CHANNEL)
_FULL = Advice(_("The customer's mailbox is full."), _NEXT_CHANNEL)
_AWAY = Advice(_("The telephone was switched off or out of reach."), _NEXT_CHANNEL)
_REFUSED_BY_CARRIER = Advice(
    _("The carrier or the customer's own filter refused the message."),
    _("The next channel is tried by itself. If many fail so, ask the provider whether the sender is registered."),
)
_STOPPED = Advice(
    _("The customer asked this sender to stop."),
    _("Do not send by this channel. The next one is tried by itself; the customer can start it again."),
)
_LIST_OF_SENDER = Advice(_("The account or its sender is not set up for this message."), _SETTINGS)
_CREDENTIALS = Advice(_("The provider refused our credentials."), _SETTINGS)
_SLOWER = Advice(_("The provider asked us to go slower."), _WAIT)
_INCOMPLETE = Advice(_("The account's settings are wrong or incomplete."), _SETTINGS)
_FAULT_OF_PROVIDER = Advice(_("The provider had a fault of its own."), _LOOK)
_REFUSED_BY_PROVIDER = Advice(_("The provider did not take the message as it was."), _TELL)
_ALLOWANCE = Advice(
    _("The allowance of messages is used up."), _("Ask an administrator to raise it and to resume sending.")
)
_SET_ASIDE = Advice(
    _("The provider never got the notice, although it was tried several times."),
    _("Tell the operator of the service; the notice is set aside."),
)
_BY_HAND = _("Send this letter by hand.")
_UNDELIVERED = Advice(_("The provider could not deliver it and gives no reason."), _NEXT_CHANNEL)
_TEXT = Advice(_("The text could not be written for this customer."), _("Correct the text of the notice."))

_REFUSED_BY_SERVER = Advice(
    _("The customer's mail server refused the e-mail."),
    _("The next channel is tried by itself. If many fail so, have the domain's SPF, DKIM and DMARC checked."),
)
_SERVER_AWAY = Advice(_("The customer's mail server could not be reached in time."), _NEXT_CHANNEL)

# "" stands for every channel.
TABLE: Mapping[tuple[str, str], Advice] = {
    ("", "no_answer"): Advice(
        _("The provider's answer never came, so the notice may or may not have arrived."),
        _("It is not sent again by itself, so that nobody is told twice. Wait for an answer, or ask the customer."),
    ),
    ("", "sent_again"): Advice(
        _("Nobody knows whether it arrived; two people had it sent again."),
        _("Nothing to do: the new notice stands beside it."),
    ),
    ("", "no_connection"): Advice(_("The provider could not be reached."), _WAIT),
    ("", "connection_lost"): Advice(_("The connection to the provider broke off."), _WAIT),
    ("", "keys_unavailable"): Advice(_("The keys were out of reach, so nothing could be read."), _WAIT),
    ("", "erased"): Advice(_("The customer's data were destroyed before the notice left."), _("Nothing to do.")),
    ("", "unreadable"): Advice(
        _("What was to be sent could not be read any more."), _("Tell the operator of the service.")
    ),
    ("", "adapter_error"): Advice(
        _("The connection to the provider failed in a way that is not foreseen."),
        _("Tell the operator of the service."),
    ),
    ("", "lease_expired"): Advice(
        _("Sending was broken off several times."), _("Tell the operator of the service; the notice is set aside.")
    ),
    ("", "never_listed"): _SET_ASIDE,
    ("", "never_got"): _SET_ASIDE,
    ("", "undelivered"): Advice(_("No delivery was confirmed in time."), _NEXT_CHANNEL),
    ("", "opted_out"): _STOPPED,
    ("", "account_settings"): _INCOMPLETE,
    ("", "unknown_provider"): Advice(_("This version does not know the account's provider."), _TELL),
    ("", "not_supported"): Advice(_("The provider does not offer what the account's settings ask for."), _SETTINGS),
    ("", "authentication"): _CREDENTIALS,
    ("", "text_too_long"): Advice(
        _("The text is longer than the channel takes."), _("Shorten the text of the notice.")
    ),
    ("", "unknown_variable"): _TEXT,
    ("", "template_altered"): Advice(
        _("The text in force is not what was approved."), _("Have a new version of the text approved.")
    ),
    (LINE, "http_400"): Advice(
        _("LINE does not know this account, or it has not added yours as a friend."), _NEXT_CHANNEL
    ),
    (LINE, "http_422"): Advice(_("The number has no LINE account that takes notification messages."), _NEXT_CHANNEL),
    (LINE, "untied"): Advice(_("The customer ended notices on LINE."), _NEXT_CHANNEL),
    (LINE, "monthly_limit"): Advice(
        _("The month's allowance of messages is used up."),
        _("Ask an administrator to raise the plan at LINE, or wait for next month and resume sending."),
    ),
    (LINE, "key_expired"): Advice(
        _("LINE did not answer for a day, so the notice may or may not have arrived."),
        _("It is not sent again by itself, so that nobody is told twice. Wait for an answer, or ask the customer."),
    ),
    (LINE, "token_no_answer"): Advice(_("LINE issued no key in time."), _WAIT),
    (LINE, "line_template"): Advice(
        _("LINE would refuse the template of notification messages."), _("Ask an administrator to check the account.")
    ),
    (LINE, "token_refused"): Advice(_("LINE refused the channel's credentials."), _SETTINGS),
    (LINE, "assertion_key_unreadable"): Advice(_("The key of the LINE channel cannot be read."), _SETTINGS),
    (SMS, "no_inquiry"): Advice(
        _("The account's provider cannot be asked what became of a message, so nothing is sent."), _SETTINGS
    ),
    (SMS, "expired"): _AWAY,
    (SMS, "failed"): _UNDELIVERED,
    (SMS, "canceled"): _UNDELIVERED,
    (SMS, "20003"): _CREDENTIALS,
    (SMS, "20429"): _SLOWER,
    (SMS, "21211"): _DEAD_NUMBER,
    (SMS, "21214"): _DEAD_NUMBER,
    (SMS, "21217"): _DEAD_NUMBER,
    (SMS, "21408"): _LIST_OF_SENDER,
    (SMS, "21606"): _LIST_OF_SENDER,
    (SMS, "21607"): _LIST_OF_SENDER,
    (SMS, "21610"): _STOPPED,
    (SMS, "21611"): _SLOWER,
    (SMS, "21612"): _LIST_OF_SENDER,
    (SMS, "21614"): _DEAD_NUMBER,
    (SMS, "21617"): Advice(_("The text is longer than the provider takes."), _("Shorten the text of the notice.")),
    (SMS, "21657"): _LIST_OF_SENDER,
    (SMS, "30001"): Advice(_("The provider's queue was full."), _NEXT_CHANNEL),
    (SMS, "30002"): Advice(_("The provider has suspended the account."), _SETTINGS),
    (SMS, "30003"): _AWAY,
    (SMS, "30004"): _REFUSED_BY_CARRIER,
    (SMS, "30005"): _DEAD_NUMBER,
    (SMS, "30006"): _DEAD_NUMBER,
    (SMS, "30007"): _REFUSED_BY_CARRIER,
    (SMS, "30008"): Advice(_("The carrier could not deliver the message and gives no reason."), _NEXT_CHANNEL),
    (SMS, "30036"): _AWAY,
    (EMAIL, "mail_bounce_mx"): Advice(_("The bounce domain has no MX record, so no mail leaves."), _PUBLISH),
    (EMAIL, "mail_spf"): Advice(_("SPF of the bounce domain does not allow the relay, so no mail leaves."), _PUBLISH),
    (EMAIL, "mail_dkim"): Advice(_("The DKIM key that signs is not published, so no mail leaves."), _PUBLISH),
    (EMAIL, "mail_dmarc"): Advice(_("DMARC does not protect the sender's domain, so no mail leaves."), _PUBLISH),
    (EMAIL, "mail_alignment"): Advice(
        _("Receivers could not tell that the mail is the bank's, so no mail leaves."), _PUBLISH
    ),
    (EMAIL, "dns"): Advice(_("DNS did not say whether the domain is ready."), _WAIT),
    (EMAIL, "complaint"): Advice(
        _("The customer reported the e-mail as unwanted."),
        _("No more e-mail goes to this address. Explain by telephone or letter what the notice is for."),
    ),
    (EMAIL, "invalid_address"): _DEAD_MAILBOX,
    (EMAIL, "rejected_invalid"): _DEAD_MAILBOX,
    (EMAIL, "rejected_other"): _REFUSED_BY_SERVER,
    (EMAIL, "rejected_unsubscribed"): _STOPPED,
    (EMAIL, "rejected_spam"): _STOPPED,
    (EMAIL, "unsubscribed"): _STOPPED,
    (EMAIL, "service_refused"): _REFUSED_BY_PROVIDER,
    (EMAIL, "service_failed"): Advice(_("The mail service could not send the e-mail."), _NEXT_CHANNEL),
    (EMAIL, "bounced"): Advice(_("The e-mail came back, and nobody said why."), _NEXT_CHANNEL),
    (EMAIL, "postmark_405"): _ALLOWANCE,
    (EMAIL, "5.1.1"): _DEAD_MAILBOX,
    (EMAIL, "5.1.2"): _DEAD_MAILBOX,
    (EMAIL, "5.1.6"): _DEAD_MAILBOX,
    (EMAIL, "5.1.10"): _DEAD_MAILBOX,
    (EMAIL, "5.2.1"): _DEAD_MAILBOX,
    (EMAIL, "5.2.2"): _FULL,
    (EMAIL, "4.2.2"): _FULL,
    (EMAIL, "5.1.3"): _DEAD_MAILBOX,
    (EMAIL, "4.2.1"): Advice(_("The customer's mailbox takes nothing for the moment."), _NEXT_CHANNEL),
    (EMAIL, "4.4.1"): _SERVER_AWAY,
    (EMAIL, "4.4.7"): _SERVER_AWAY,
    (EMAIL, "5.7.1"): _REFUSED_BY_SERVER,
    (POST, "unknown_address"): Advice(_("The letter came back: nobody lives at this address."), _NEXT_CHANNEL),
    (POST, "moved"): Advice(
        _("The letter came back: the customer has moved."), _("Ask for the new address by telephone, or visit.")
    ),
    (POST, "refused"): Advice(_("The letter came back: it was not accepted."), _("Call the customer.")),
    (POST, "unclaimed"): Advice(
        _("The letter came back: nobody fetched it in time."), _("Call the customer before sending another.")
    ),
    (POST, "does_not_fit"): Advice(_("The letter does not fit on one sheet."), _("Shorten the text of the letter.")),
    (POST, "incomplete"): Advice(_("A part of the letter cannot be printed."), _BY_HAND),
    (POST, "absent"): Advice(
        _("The letter came back: nobody fetched it in time."), _("Call the customer before sending another.")
    ),
    (POST, "no_postal_code"): Advice(
        _("There is no postal code on file."), _("Complete the address in the customer file and send again.")
    ),
    (POST, "address_does_not_fit"): Advice(
        _("The address does not fit the window of the envelope."), _("Shorten the address in the customer file.")
    ),
    (POST, "no_sheet"): Advice(
        _("The answer sheet that goes with the letter cannot be printed without gaps."),
        _("Look for characters in the questionnaire that cannot be printed, or send this letter by hand."),
    ),
    (POST, "name_does_not_fit"): Advice(_("The name does not fit the window of the envelope."), _BY_HAND),
    (POST, "missing_glyph"): Advice(_("A character of the name or the address cannot be printed."), _BY_HAND),
}
# What the beginning of a code says, where the table has no word for the whole.
_FAMILIES: tuple[tuple[str, re.Pattern[str], Advice], ...] = (
    ("", re.compile(r"(http|token)_(401|403)"), _CREDENTIALS),
    ("", re.compile(r"(http|token)_429"), _SLOWER),
    ("", re.compile(r"http_402"), _ALLOWANCE),
    ("", re.compile(r"http_408"), TABLE["", "no_answer"]),
    ("", re.compile(r"(http|token)_5\d\d"), _FAULT_OF_PROVIDER),
    ("", re.compile(r"(http|token)_\d{3}"), _REFUSED_BY_PROVIDER),
    (
        "",
        re.compile(r"address_\w+"),
        Advice(_("The provider's address in the account is not one we may call."), _SETTINGS),
    ),
    (EMAIL, re.compile(r"postmark_\d+"), _INCOMPLETE),
    (
        EMAIL,
        re.compile(r"rejected_\w+"),
        Advice(_("The mail service does not write to this address any more."), _NEXT_CHANNEL),
    ),
    (
        EMAIL,
        re.compile(r"smime_\w+"),
        Advice(_("The S/MIME certificate cannot be used, so no mail leaves."), _CERTIFICATE),
    ),
    (EMAIL, re.compile(r"5\.1\.\d+"), _DEAD_MAILBOX),
    (EMAIL, re.compile(r"4\.[1347]\.\d+|4\.0\.0|4\d\d"), _SERVER_AWAY),
    (EMAIL, re.compile(r"5\.\d+\.\d+|4\.\d+\.\d+|5\d\d"), _REFUSED_BY_SERVER),
)
# Where nothing is known of the code: what its kind means.
_KINDS: Mapping[str, Advice] = {
    "transient": Advice(_("The provider could not take it at that time."), _NEXT_CHANNEL),
    "permanent": Advice(_("This address does not work on this channel."), _NEXT_CHANNEL),
    "ambiguous": TABLE["", "no_answer"],
    "configuration": _INCOMPLETE,
    "quota": _ALLOWANCE,
    "poison": Advice(
        _("It failed every time it was tried."), _("Tell the operator of the service; the notice is set aside.")
    ),
}


def known_advice(channel: str, code: str) -> Advice | None:
    """What is written for the code itself or its family."""
    found = TABLE.get((channel, code)) or TABLE.get(("", code))
    families = (a for on, pattern, a in _FAMILIES if on in ("", channel) and pattern.fullmatch(code))
    return found or next(families, None)


def advice_for(channel: str, code: str, kind: str = "") -> Advice | None:
    """What to tell staff about a failure; None where nothing failed. A code nobody foresaw is named."""
    if not code:
        return _KINDS.get(kind)
    found = known_advice(channel, code)
    if found:
        return found
    guessed = _KINDS.get(kind, _KINDS["permanent"])
    return replace(
        guessed, reason=format_lazy(_("{reason} (the provider's code: {code})"), reason=guessed.reason, code=code)
    )
