"""`manage.py mail_key ACCOUNT`: what a bank publishes in DNS for its mail, and turning its keys over."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from channels.mail_keys import NoSuchKey, TooManyKeys, add_dkim_key, drop_dkim_key, published_records, use_dkim_key
from channels.models import ProviderAccount
from tenants.lookups import tenant_of_channel
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    """Prints the records after each change; docs/channels.md has the order of the steps."""

    help = "Show, add, use or drop the DKIM keys of a bank's e-mail account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One account, at most one change."""
        parser.add_argument("account", help="the public id of the bank's e-mail account")
        change = parser.add_mutually_exclusive_group()
        for name in ("add", "use", "drop"):
            change.add_argument(f"--{name}", metavar="SELECTOR")

    def handle(self, *args: Any, **options: Any) -> None:
        """The records are public: nothing secret is printed."""
        tenant_id = tenant_of_channel(options["account"])
        if tenant_id is None:
            raise CommandError("No account has this public id.")
        with tenant_scope(tenant_id):
            account = ProviderAccount.objects.get(public_id=options["account"])
            for name, act in (("add", add_dkim_key), ("use", use_dkim_key), ("drop", drop_dkim_key)):
                if options[name]:
                    self._change(act, account, options[name])
            account.refresh_from_db()
            domain = str(account.options.get("sender", "")).rpartition("@")[2]
            for selector, text in published_records(account).items():
                self.stdout.write(f'{selector}._domainkey.{domain}. TXT "{text}"')

    def _change(self, act: Any, account: ProviderAccount, selector: str) -> None:
        try:
            act(account=account, selector=selector, actor=Actor.system("mail_key"), now=timezone.now())
        except TooManyKeys as error:
            raise CommandError("There are two keys, or one of this name. Drop the old one first.") from error
        except NoSuchKey as error:
            raise CommandError("There is no such key, or it is the one that signs.") from error
