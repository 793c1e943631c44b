"""Takes one returned mail from the mail server, on standard input: `… | manage.py receive_bounce ACCOUNT RECIPIENT`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from channels.models import ProviderAccount
from channels.protocols import ForgedWebhook, MalformedWebhook
from channels.services import receive_bounce
from tenants.lookups import tenant_of_channel
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    help = "Act on a mail that came back to the signed return path of a notice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="the public id of the bank's e-mail account")
        parser.add_argument("recipient", help="the address the bounce was delivered to")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = tenant_of_channel(options["account"])
        if tenant_id is None:
            raise CommandError("No account has this public id.")
        with tenant_scope(tenant_id):
            account = ProviderAccount.objects.get(public_id=options["account"])
            try:
                receive_bounce(
                    account=account,
                    raw=sys.stdin.buffer.read(),
                    recipient=options["recipient"],
                    now=timezone.now(),
                )
            except ForgedWebhook as error:
                raise CommandError("The return path was not signed by us.") from error
            except MalformedWebhook as error:
                raise CommandError("This is no bounce that can be read.") from error
