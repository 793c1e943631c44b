"""The one table of what can be entered of an account, provider by provider; forms, checks and pages follow from it.

To offer another option, add a row. An option that is ours rather than the adapter's also stands in
`channels.registry.OUR_OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.accounts import checks
from channels.models import ChannelKind
from channels.protocols import Channel


class Kind(Enum):
    """How a value is entered, and what is kept of it."""

    TEXT = "text"
    LONG = "long"  # several lines
    YEN = "yen"  # an amount, kept as text so that nothing rounds it
    YES_NO = "yes or no"
    CHOICE = "choice"
    PAIRS = "pairs"  # {a: b}, entered as lines "a = b"
    NUMBERS = "numbers"  # [{"carrier", "number"}], entered as lines "carrier: number"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. A dot in ``name`` leads into a document. ``check`` raises ValidationError, or gives the value."""

    name: str
    label: Promise | str
    help: Promise | str = ""
    kind: Kind = Kind.TEXT
    is_required: bool = False
    is_on: bool = False  # what a yes or no is where nothing was entered
    needs_second: bool = True  # it decides where messages go, as whose, or what they say
    choices: tuple[tuple[str, Promise | str], ...] = ()
    check: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """One credential: entered, sealed, never shown again."""

    name: str
    label: Promise | str
    help: Promise | str = ""
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """What can be entered of an account with one provider, and how it is set up, step by step.

    ``is_offered``: staff may open such an account, because every address it speaks to is known or guarded. The host
    of the others is the operator's to enter.
    """

    name: str
    label: Promise | str
    channel: Channel
    options: tuple[Option, ...]
    secrets: tuple[Secret, ...]
    guide: tuple[Promise | str, ...] = field(default=())
    is_offered: bool = False


_YEN = Option(
    "yen",
    _("Price of one notice (yen)"),
    _("For the estimate of costs. Left empty, the plan's price counts."),
    Kind.YEN,
    needs_second=False,
)
_LINK_FREE = Option(
    "link_free",
    _("Messages without links"),
    _("Customers are asked to open your own site and enter the reference number. Needs another text."),
    Kind.YES_NO,
)
_SMS = (
    Option(
        "sender_numbers",
        _("Numbers that customers see"),
        _("One a line: carrier, colon, number. They are printed in letters and on the page where notices are checked."),
        Kind.NUMBERS,
    ),
    _LINK_FREE,
    Option("segment_yen", _("Price of one part (yen)"), _("A long message is charged as several parts."), Kind.YEN,
           needs_second=False),
    _YEN,
)  # fmt: skip

_LINE = Provider(
    "line",
    _("LINE official account"),
    Channel.LINE,
    options=(
        Option("basic_id", _("Basic ID"), _("@…, by which customers find the account."), check=checks.basic_id),
        Option("account_name", _("Name of the account"), _("As customers see it; shown where notices are checked.")),
        Option(
            "notification_messages",
            _("LINE has approved notification messages"),
            _("Customers without a tie are then reached by their telephone number."),
            Kind.YES_NO,
        ),
        Option(
            "notification_template",
            _("Approved template of notification messages"),
            _("As JSON: templateKey and body with LINE's own keys and our variables. Empty: the flexible type."),
            Kind.JSON,
            check=checks.line_template,
        ),
        Option(
            "auto_reply",
            _("Answer to what people write"),
            _("Without links. Left empty, a safe sentence with your telephone number is sent."),
            Kind.LONG,
            check=checks.auto_reply,
        ),
        _LINK_FREE,
        _YEN,
    ),
    secrets=(
        Secret("channel_secret", _("Channel secret"), _("Signs what LINE tells us. Always needed.")),
        Secret("channel_id", _("Channel ID"), _("With it, short-lived tokens are issued by themselves.")),
        Secret("assertion_key", _("Private key of the assertion"), _("PEM, if tokens are issued by a key."), True),
        Secret("assertion_key_id", _("ID of that key"), ""),
        Secret("access_token", _("Long-lived access token"), _("Only where no channel ID is used.")),
    ),
    guide=(
        _("Open a Messaging API channel for your official account in LINE Developers."),
        _("There, switch LINE's own auto-reply off, and “Use webhook” and “Webhook redelivery” on."),
        _("Enter the webhook address below there, and leave the list of source addresses empty."),
        _("Enter channel ID and channel secret here and let a second person approve them."),
        _("Test the connection; when every line is good, resume sending."),
    ),
    is_offered=True,
)
_TWILIO = Provider(
    "twilio",
    "Twilio",
    Channel.SMS,
    options=(
        Option(
            "sender",
            _("Sender"),
            _("A number (+81…), a name of up to 11 letters and digits, or a messaging service (MG…)."),
            is_required=True,
            check=checks.sms_sender,
        ),
        *_SMS,
    ),
    secrets=(
        Secret("account_sid", _("Account SID"), _("Begins with AC.")),
        Secret("auth_token", _("Auth token"), _("Also proves that reports are Twilio's.")),
        Secret("shared_key", _("Shared key of callbacks"), _("Only if Twilio signs them with one.")),
    ),
    guide=(
        _("Open an account, and have your sender registered for Japan."),
        _("Enter account SID, auth token and sender here and let a second person approve them."),
        _("At Twilio, enter the address below for incoming messages, so that answers such as 停止 are heard."),
        _("Enter the numbers that customers see, carrier by carrier, as the provider lists them."),
        _("Test the connection; when every line is good, resume sending."),
    ),
    is_offered=True,
)
_ADDRESS = _("Begins with https://, public, on port 443.")
_GATEWAY = Provider(
    "sms_gateway",
    _("Domestic aggregator (HTTP)"),
    Channel.SMS,
    options=(
        Option("addresses.send", _("Address for sending"), _ADDRESS, is_required=True, check=checks.address),
        Option("addresses.status", _("Address to ask about a message"), _("With {key} for our id."),
               check=checks.address_with_key),
        Option("addresses.account", _("Address to test the account"), _ADDRESS, check=checks.address),
        Option("sender", _("Sender"), _("As the aggregator gave it to you.")),
        Option(
            "login.kind",
            _("How we sign in there"),
            kind=Kind.CHOICE,
            choices=(
                ("", _("Token (Bearer)")),
                ("header", _("Token in a header of its own")),
                ("basic", _("User name and password")),
            ),
        ),
        Option("login.header", _("Name of that header"), _("Left empty: X-API-Key."), check=checks.header),
        Option(
            "number_format",
            _("Form of telephone numbers"),
            kind=Kind.CHOICE,
            choices=(("", "+819012345678"), ("national", "09012345678")),
        ),
        Option("signature_header", _("Header with the signature of reports"), _("Left empty: X-Signature."),
               check=checks.header),
        Option("names", _("Its names for our words"), _("One a line, such as: text = message. A dot leads inwards."),
               Kind.PAIRS),
        Option("statuses", _("Its words for outcomes"), _("One a line, such as: DONE = delivered (accepted, failed)."),
               Kind.PAIRS),
        Option("codes", _("Its error codes"), _("One a line, such as: 404 = dead (transient, permanent, stopped …)."),
               Kind.PAIRS),
        Option(
            "is_idempotent",
            _("One key never becomes two messages"),
            _("Only if the aggregator promises it in writing."),
            Kind.YES_NO,
        ),
        *_SMS,
    ),
    secrets=(
        Secret("token", _("Token"), ""),
        Secret("username", _("User name"), _("Where a password is used.")),
        Secret("password", _("Password"), ""),
        Secret("secret", _("Secret that signs reports"), _("Without it no report is believed.")),
    ),
    guide=(
        _("Agree with the aggregator on an address to ask about a message: without one nothing is sent."),
        _("Enter its addresses, names and codes here as its interface document writes them."),
        _("Enter the token and the secret that signs reports, and let a second person approve everything."),
        _("Give the aggregator the address below for its reports."),
        _("Test the connection; when every line is good, resume sending."),
    ),
    is_offered=True,
)  # fmt: skip
_SMTP = Provider(
    "smtp",
    _("Mail server (SMTP)"),
    Channel.EMAIL,
    options=(
        Option("sender", _("Sender's address"), _("Of your own domain."), is_required=True, check=checks.mailbox),
        Option("sender_name", _("Sender's name"), _("As customers see it."), is_required=True, check=checks.one_line),
        Option(
            "bounce_domain",
            _("Bounce domain"),
            _("Below the sender's domain, such as bounce.bank.example."),
            is_required=True,
            check=checks.domain,
        ),
        Option("spf", _("Mechanism of SPF"), _("What the relay's SPF needs, such as include:relay.example."),
               check=checks.one_line),
        Option(
            "require_ready_domain",
            _("Send only when DNS is ready"),
            _("Stops the channel while a record is missing. Leave it on."),
            Kind.YES_NO,
            is_on=True,
        ),
        _LINK_FREE,
        _YEN,
    ),
    secrets=(
        Secret("username", _("User name"), _("At the mail server.")),
        Secret("password", _("Password"), ""),
    ),
    guide=(
        _("The operator of the service enters the mail server."),
        _("Enter sender and bounce domain here and let a second person approve them."),
        _("Make the DKIM key on the page of records and signatures, and publish every record it shows."),
        _("Test the connection; when every line is good, resume sending."),
    ),
)  # fmt: skip
_ANYMAIL = Provider(
    "anymail",
    _("Mail service"),
    Channel.EMAIL,
    options=(
        Option(
            "service",
            _("Service"),
            is_required=True,
            kind=Kind.CHOICE,
            choices=(
                ("", _("Choose")),
                ("mailgun", "Mailgun"),
                ("mailjet", "Mailjet"),
                ("postmark", "Postmark"),
                ("sendgrid", "SendGrid"),
                ("sparkpost", "SparkPost"),
            ),
        ),
        Option("sender", _("Sender's address"), _("Of your own domain."), is_required=True, check=checks.mailbox),
        Option("sender_name", _("Sender's name"), _("As customers see it."), is_required=True, check=checks.one_line),
        Option("dkim_selector", _("Selector of the service's DKIM key"),
               _("It stands before ._domainkey in the record that the service gives you."), check=checks.selector),
        Option("api_url", _("Address of the service's API"), _("Left empty, the usual one. Some regions have another."),
               check=checks.address),
        Option("message_stream", _("Message stream"), _("Postmark only."), check=checks.one_line),
        Option("sender_domain", _("Domain at the service"), _("Mailgun only, where it is not the sender's."),
               check=checks.domain),
        Option("subaccount", _("Subaccount"), _("SparkPost only."), check=checks.one_line),
        Option(
            "require_ready_domain",
            _("Send only when DNS is ready"),
            _("Stops the channel while a record is missing. Leave it on."),
            Kind.YES_NO,
            is_on=True,
        ),
        _LINK_FREE,
        _YEN,
    ),
    secrets=(
        Secret("webhook_secret", _("User and password of reports"), _("As user:password. The same at the service.")),
        Secret("server_token", _("Server token"), _("Postmark only.")),
        Secret("api_key", _("API key"), _("All but Postmark.")),
        Secret("secret_key", _("Secret key"), _("Mailjet only.")),
        Secret("webhook_signing_key", _("Key that signs reports"), _("Mailgun only.")),
        Secret("tracking_webhook_verification_key", _("Public key of reports"), _("SendGrid only.")),
    ),
    guide=(
        _("Prove your domain to the service, and publish the records that it gives you."),
        _("Enter service, sender, selector and keys here and let a second person approve them."),
        _("At the service, enter the address below for deliveries, bounces and complaints, with user and password."),
        _("Switch opens and clicks off there, too; each notice asks for it."),
        _("Test the connection; when every line is good, resume sending."),
    ),
    is_offered=True,
)  # fmt: skip
_PRINT_SHOP = Provider(
    "print_shop",
    _("Print shop"),
    Channel.POST,
    options=(_YEN,),
    secrets=(
        Secret("token", _("Token"), _("By which we sign in there.")),
        Secret("secret", _("Secret that signs reports"), _("Without it no report is believed.")),
    ),
    guide=(
        _("The operator of the service enters the shop's address."),
        _("Enter token and secret as agreed with the shop and let a second person approve them."),
        _("Give the shop the address below for acknowledgements and returned letters."),
    ),
)
PROVIDERS: Mapping[str, Provider] = {one.name: one for one in (_LINE, _TWILIO, _GATEWAY, _SMTP, _ANYMAIL, _PRINT_SHOP)}


def offered(channel: str) -> list[Provider]:
    """With whom staff may open an account for a channel."""
    return [one for one in PROVIDERS.values() if one.channel == channel and one.is_offered]


def provider_named(name: str) -> Provider:
    """What can be entered; nothing for a provider that this version does not know."""
    return PROVIDERS.get(name) or Provider(name, name, Channel.LINE, (), ())


def channels_without(taken: set[str]) -> list[tuple[str, str, list[Provider]]]:
    """Channels for which an account can be opened: code, name, providers."""
    return [
        (code, str(label), providers)
        for code, label in ChannelKind.choices
        if code not in taken and (providers := offered(code))
    ]
