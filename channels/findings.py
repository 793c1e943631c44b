"""What a test of an account's connection found, in words with advice."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.protocols import Finding


def _certificate(wrong: Promise) -> tuple[Promise, Promise]:
    return (_("The S/MIME certificate can be used."), wrong)


# code -> (when it is as it should be, when it is not: what is wrong and what to do)
WORDS: dict[str, tuple[Promise, Promise]] = {
    "account_settings": (
        _("The account's settings are complete."),
        _("The account's settings cannot be used. Ask the operator of the service to check the account."),
    ),
    "unknown_provider": (
        _("The provider is known."),
        _("This version does not know the provider. Ask the operator of the service."),
    ),
    "no_test": (
        _("This provider offers no test. Watch the first messages after a change."),
        _("This provider offers no test. Watch the first messages after a change."),
    ),
    "test_broke": (
        _("The test ended."),
        _("The test ended with a fault of ours. Ask the operator of the service."),
    ),
    "mail_bounce_mx": (
        _("Returned mail has a way back to this service."),
        _("The bounce domain has no MX record. Publish one that names the mail server in front of this service."),
    ),
    "mail_spf": (
        _("SPF of the bounce domain allows the relay."),
        _(
            "SPF of the bounce domain is missing, doubled, open to everybody, or does not name "
            "the relay. Correct the TXT record."
        ),
    ),
    "mail_dkim": (
        _("The DKIM key that signs is published."),
        _(
            "The DKIM key that signs is not published, or another one is. The page of records and "
            "signatures shows what to publish."
        ),
    ),
    "mail_dmarc": (
        _("DMARC protects the sender's domain."),
        _("The sender's domain has no DMARC policy of quarantine or reject. Publish one."),
    ),
    "mail_alignment": (
        _("Receivers can tell that the mail is the bank's."),
        _("Neither DKIM nor SPF speaks for the sender's domain. Publish the DKIM key."),
    ),
    "mail_dns": (
        _("DNS answers."),
        _("DNS did not answer. Try again later."),
    ),
    "mail_smime": (
        _("The S/MIME certificate is good until the day named."),
        _("The S/MIME certificate ends on the day named. Ask your certification authority for the next one now."),
    ),
    "smime_unreadable": _certificate(
        _("The file cannot be read, or the password does not open it. Use a .p12, .pfx or PEM file with the key.")
    ),
    "smime_key": _certificate(_("The file has no key of its certificate, or not an RSA key of 2,048 bits or more.")),
    "smime_chain": _certificate(
        _("The certificates of the file do not belong together. Ask your certification authority for the whole file.")
    ),
    "smime_sender": _certificate(
        _("The S/MIME certificate is of another address than the sender's. Ask for one of the sender's address.")
    ),
    "smime_usage": _certificate(_("The S/MIME certificate is not one for signing e-mail. Ask for one that is.")),
    "smime_not_yet": _certificate(_("The S/MIME certificate is not good yet. Put it in when its day has come.")),
    "smime_expired": _certificate(_("The S/MIME certificate has ended. Put in the next one.")),
    "line_access": (
        _("LINE accepts the channel's credentials."),
        _("LINE refuses the channel's credentials. Check the channel ID and secret in LINE Developers."),
    ),
    "line_webhook_address": (
        _("LINE calls this service back at the right address."),
        _("LINE calls another address back, or none. Register the webhook address and switch webhooks on."),
    ),
    "line_webhook_answers": (
        _("LINE's test call reached this service."),
        _("LINE's test call did not reach this service. Check that the address is open to the internet."),
    ),
    "line_quota": (
        _("Messages are left of this month's allowance."),
        _("This month's allowance is used up. Change the plan, or wait for next month."),
    ),
    "line_quota_unknown": (
        _("LINE did not say how much of the allowance is left."),
        _("LINE did not say how much of the allowance is left. Try again later."),
    ),
    "account_reachable": (
        _("The provider accepts the account's credentials."),
        _("The provider cannot be reached or refuses the credentials. Check them with the provider."),
    ),
    "sender_exists": (
        _("The sender belongs to the account."),
        _(
            "The sender does not belong to the account. Check the number, the name (up to 11 letters and digits) or"
            " the messaging service."
        ),
    ),
    "sender_set": (
        _("A sender is set."),
        _("No sender is set. Enter the number or name that the provider gave you."),
    ),
    "can_be_asked": (
        _("The provider can be asked what became of a message."),
        _("The provider cannot be asked what became of a message; what is unclear has to be decided by a person."),
    ),
    "reports_signed": (
        _("The provider's reports are signed."),
        _("The provider's reports are not signed. Agree on a secret with the provider."),
    ),
    "callback_address": (
        _("Reports come back over HTTPS."),
        _("Reports would come back without HTTPS. Ask the operator of the service to set the public address."),
    ),
}


def words_of(finding: Finding) -> str:
    """The sentence for a finding; its code where nobody has written one."""
    words = WORDS.get(finding.code)
    sentence = str(words[0 if finding.is_ok else 1]) if words else finding.code
    return f"{sentence} ({finding.detail})" if finding.detail else sentence
