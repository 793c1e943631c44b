"""From a tenant's account to the adapter that speaks to its provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from channels.models import ProviderAccount
from channels.protocols import ConfigurationFailure, Prints, ReportsDelivery, Sends, Talks
from tenants.outgoing import guarded_client

if TYPE_CHECKING:
    from channels.providers.anymail import AnymailProvider
    from channels.providers.line import LineProvider
    from channels.providers.print_shop import PrintShop
    from channels.providers.sms_gateway import SmsGateway
    from channels.providers.smtp import SmtpProvider
    from channels.providers.twilio import TwilioProvider

    type Provider = LineProvider | TwilioProvider | SmsGateway | SmtpProvider | AnymailProvider | PrintShop

# By name and imported on first use: LINE's library alone costs every start of a process a second.
PROVIDERS = {
    "line": "channels.providers.line.LineProvider",
    "twilio": "channels.providers.twilio.TwilioProvider",
    "sms_gateway": "channels.providers.sms_gateway.SmsGateway",
    "smtp": "channels.providers.smtp.SmtpProvider",
    "anymail": "channels.providers.anymail.anymail_provider",
    "print_shop": "channels.providers.print_shop.PrintShop",
}
# Adapters whose provider must be told where to call back, and the part of the address that is theirs.
CALLBACKS = {"line": "line", "twilio": "twilio", "sms_gateway": "sms", "anymail": "mail", "print_shop": "print"}
# Adapters that speak to addresses which a tenant typed in.
GUARDED = {"sms_gateway", "anymail"}
# Options that are ours rather than the adapter's.
OUR_OPTIONS = {
    "notification_messages",
    "notification_template",
    "basic_id",
    "account_name",
    "auto_reply",
    "yen",
    "link_free",
    "sender_numbers",
    "segment_yen",
}


_adapters: dict[UUID, tuple[str, Provider]] = {}


class UnknownProvider(ConfigurationFailure):
    """An account names a provider that this version does not know."""


def provider_of(account: ProviderAccount) -> Provider:
    """The adapter of an account; its connections are kept while its settings stay the same.

    Raises:
        ConfigurationFailure: the account's settings do not make an adapter.
    """
    configuration = json.dumps([account.provider, _arguments(account)], sort_keys=True)
    kept = _adapters.get(account.pk)
    if kept is not None and kept[0] == configuration:
        return kept[1]
    provider = make_provider(account)
    _adapters[account.pk] = (configuration, provider)
    return provider


def make_provider(account: ProviderAccount) -> Provider:
    """A new adapter of an account; whoever makes it closes it.

    Raises:
        ConfigurationFailure: the account's settings do not make one.
    """
    if account.provider not in PROVIDERS:
        raise UnknownProvider("unknown_provider")
    arguments = _arguments(account)
    try:
        if account.provider in GUARDED:
            arguments["http"] = guarded_client()
        provider: Provider = import_string(PROVIDERS[account.provider])(**arguments)
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigurationFailure("account_settings") from error
    return provider


def _arguments(account: ProviderAccount) -> dict[str, Any]:
    options = {name: value for name, value in account.options.items() if name not in OUR_OPTIONS}
    if account.provider in CALLBACKS:
        options["callback_url"] = webhook_url(account)
    return {**account.credentials, **options}


def sender_of(account: ProviderAccount) -> Sends:
    """The adapter of an account that sends single messages."""
    return cast(Sends, provider_of(account))


def printer_of(account: ProviderAccount) -> Prints:
    """The adapter of an account that takes batches of letters."""
    return cast(Prints, provider_of(account))


def talker_of(account: ProviderAccount) -> Talks:
    """The adapter of an account to which customers write."""
    return cast(Talks, provider_of(account))


def reporter_of(account: ProviderAccount) -> ReportsDelivery | None:
    """The adapter of an account whose provider calls us back."""
    provider = provider_of(account)
    return provider if isinstance(provider, ReportsDelivery) else None


def webhook_url(account: ProviderAccount) -> str:
    """Where the account's provider calls us; Twilio's callbacks append the attempt's id."""
    kind = CALLBACKS.get(account.provider, account.provider)
    return f"{settings.PUBLIC_BASE_URL}/webhooks/{kind}/{account.public_id}/"


def forget_providers() -> None:
    """Close every kept connection."""
    for _, provider in _adapters.values():
        provider.close()
    _adapters.clear()
