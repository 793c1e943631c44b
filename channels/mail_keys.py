"""The DKIM keys of a bank's mail: made by us, sealed with the account, turned over without a gap."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from channels.mail_signing import dns_record, load_key, new_key
from channels.models import ProviderAccount

MOST_KEYS = 2


class TooManyKeys(Exception):
    """A change of keys is under way: end it first."""


class NoSuchKey(Exception):
    """The account has no key of this selector, or not in that place."""


def published_records(account: ProviderAccount) -> dict[str, str]:
    """What the bank publishes in DNS: selector -> text. The first one signs."""
    return {one["selector"]: dns_record(load_key(one["key"])) for one in account.credentials.get("dkim", [])}


def add_dkim_key(*, account: ProviderAccount, selector: str, actor: Actor, now: datetime) -> str:
    """Make a key. The first signs at once; a second waits until it is published and ``use_dkim_key``.

    Returns:
        The text to publish under ``<selector>._domainkey.<sender's domain>``.

    Raises:
        TooManyKeys: there are two already, or one of this name.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        keys = list(account.credentials.get("dkim", []))
        if len(keys) >= MOST_KEYS or selector in [one["selector"] for one in keys]:
            raise TooManyKeys
        made = {"selector": selector, "key": new_key()}
        _save(account, [*keys, made], "added", selector, actor, now)
    return dns_record(load_key(made["key"]))


def use_dkim_key(*, account: ProviderAccount, selector: str, actor: Actor, now: datetime) -> None:
    """Sign with this key from now on; the other stays published until mail on its way has arrived.

    Raises:
        NoSuchKey: there is none.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        keys = list(account.credentials.get("dkim", []))
        chosen = [one for one in keys if one["selector"] == selector]
        if not chosen:
            raise NoSuchKey
        _save(account, [*chosen, *(one for one in keys if one["selector"] != selector)], "used", selector, actor, now)


def drop_dkim_key(*, account: ProviderAccount, selector: str, actor: Actor, now: datetime) -> None:
    """Forget a key that does not sign any more.

    Raises:
        NoSuchKey: there is none, or it is the one that signs.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        keys = list(account.credentials.get("dkim", []))
        if selector not in [one["selector"] for one in keys[1:]]:
            raise NoSuchKey
        _save(account, [one for one in keys if one["selector"] != selector], "dropped", selector, actor, now)


def _save(
    account: ProviderAccount, keys: list[dict[str, str]], what: str, selector: str, actor: Actor, now: datetime
) -> None:
    account.credentials = {**account.credentials, "dkim": keys}
    account.save(update_fields=["credentials"])
    record(f"provideraccount.mail_key_{what}", target=account, actor=actor, at=now, selector=selector)
