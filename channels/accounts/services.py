"""Writing accounts: opening one, what changes at once, and what a second person lets through."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from channels.accounts.documents import with_values
from channels.accounts.models import AccountChange
from channels.accounts.options import offered, provider_named
from channels.models import ProviderAccount
from channels.protocols import ConfigurationFailure
from channels.registry import make_provider
from channels.stop_words import NOT_SET_UP
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

Status = AccountChange.Status


class AccountRefused(Refused):
    """The account cannot be opened or changed so."""


_STEPS = Steps(AccountRefused)


@transaction.atomic
def open_account(*, channel: str, provider: str, actor: Actor, now: datetime) -> ProviderAccount:
    """Begin an account for a channel that has none. It stands still and is planned with by nobody until it is set up.

    Raises:
        AccountRefused: the channel has one, or the provider is not one that staff may choose.
    """
    _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    if provider not in [one.name for one in offered(channel)]:
        raise AccountRefused(_("Choose one of the providers."))
    account = ProviderAccount(
        channel=channel,
        provider=provider,
        public_id=secrets.token_hex(8),
        is_paused=True,
        pause_reason=NOT_SET_UP,
    )
    account.credentials = {}
    account.adopt_tenant()
    ProviderAccount.objects.bulk_create([account], ignore_conflicts=True)
    if not ProviderAccount.objects.filter(pk=account.pk).exists():
        raise AccountRefused(_("This channel has an account already. Reload the page."))
    record("provideraccount.opened", target=account, actor=actor, at=now, provider=provider, channel=channel)
    return account


@transaction.atomic
def change_account(
    *,
    account: ProviderAccount,
    options: Mapping[str, Any],
    credentials: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> AccountChange | None:
    """Change what may change at once, and propose the rest. ``options`` by dotted name, None to take one out.

    Returns:
        The proposal; None where nothing needs a second person.

    Raises:
        AccountRefused: another proposal waits, or no adapter can be made of the settings.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
    sensitive = {one.name for one in provider_named(account.provider).options if one.needs_second}
    at_once = {name: value for name, value in options.items() if name not in sensitive}
    proposed = {name: value for name, value in options.items() if name in sensitive}
    _check(account, {**at_once, **proposed}, credentials)
    if at_once:
        account.options = with_values(account.options, at_once)
        account.save(update_fields=["options"])
        record("provideraccount.changed", target=account, actor=actor, at=now, fields=sorted(at_once))
    if not proposed and not credentials:
        return None
    if AccountChange.objects.filter(account=account, status=Status.PROPOSED).exists():
        raise AccountRefused(AccountRefused.WAITING)
    change = AccountChange(
        account=account,
        options=proposed,
        credential_names=sorted(credentials),
        **standing.signs("proposed", now),
    )
    change.credentials = dict(credentials) or None
    change.save()
    record("accountchange.proposed", target=change, actor=actor, at=now, fields=change.names)
    return change


@transaction.atomic
def approve_change(*, change: AccountChange, actor: Actor, now: datetime) -> None:
    """Let a change through.

    Raises:
        AccountRefused: the actor proposed it, under whatever account; may not approve; or somebody was faster.
    """
    standing = _STEPS.standing(actor, Permission.APPROVE_SETTINGS, now=now)
    account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=change.account_id)
    change.refresh_from_db()
    if standing.did(*change.acts):
        raise AccountRefused(AccountRefused.OWN_WORK)
    credentials = dict(change.credentials or {})
    names = change.names
    _STEPS.approved(change, standing, actor=actor, now=now, credentials=None)
    account.options = with_values(account.options, change.options)
    account.credentials = {**account.credentials, **credentials}
    account.credentials_set_at = {**account.credentials_set_at, **dict.fromkeys(credentials, now.isoformat())}
    account.save(update_fields=["options", "credentials", "credentials_set_at"])
    record("provideraccount.changed", target=account, actor=actor, at=now, fields=names)


@transaction.atomic
def reject_change(*, change: AccountChange, actor: Actor, now: datetime) -> None:
    """Leave the account as it is; whoever proposed it may take it back so.

    Raises:
        AccountRefused: the actor may not, or it is decided already.
    """
    _STEPS.reject(change, Permission.APPROVE_SETTINGS, actor=actor, now=now, credentials=None)


def _check(account: ProviderAccount, options: Mapping[str, Any], credentials: Mapping[str, str]) -> None:
    """Whether an adapter comes of it, once there are credentials at all."""
    together = {**account.credentials, **credentials}
    if not together:
        return
    tried = ProviderAccount(
        pk=account.pk,
        channel=account.channel,
        provider=account.provider,
        public_id=account.public_id,
        options=with_values(account.options, options),
    )
    tried.credentials = together
    try:
        make_provider(tried).close()
    except ConfigurationFailure as failure:
        raise AccountRefused(
            _("These settings do not fit together: something that the provider needs is missing, or reads wrongly.")
        ) from failure
