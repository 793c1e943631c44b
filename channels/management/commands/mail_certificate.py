"""`manage.py mail_certificate ACCOUNT`: the S/MIME certificate that a bank's mail is signed with."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from channels.findings import words_of
from channels.mail_certificates import NoCertificate, drop_certificate, put_certificate, signer_of
from channels.mail_smime import BadCertificate, addresses_of
from channels.models import ProviderAccount
from channels.protocols import Finding
from tenants.lookups import tenant_of_channel
from tenants.scoping import tenant_scope

PASSWORD_VARIABLE = "CERTIFICATE_PASSWORD"  # noqa: S105 - the name of it
MOST_BYTES = 64 * 1024


class Command(BaseCommand):
    """A password that opens the file comes from the environment, so that it stands in no list of processes."""

    help = "Show, put in or drop the S/MIME certificate of a bank's e-mail account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One account, at most one change."""
        parser.add_argument("account", help="the public id of the bank's e-mail account")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--put", metavar="FILE", help=f".p12, .pfx or PEM; {PASSWORD_VARIABLE} opens it")
        change.add_argument("--drop", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what is public of the certificate."""
        tenant_id = tenant_of_channel(options["account"])
        if tenant_id is None:
            raise CommandError("No account has this public id.")
        with tenant_scope(tenant_id):
            account = ProviderAccount.objects.get(public_id=options["account"])
            if options["put"]:
                self._put(account, Path(options["put"]))
            elif options["drop"]:
                self._drop(account)
            account.refresh_from_db()
            signer = signer_of(account)
            if signer is None:
                self.stdout.write("No certificate: mail is not signed by S/MIME.")
                return
            self.stdout.write(f"{', '.join(addresses_of(signer.certificate))} until {signer.ends_at:%Y-%m-%d}")

    def _put(self, account: ProviderAccount, file: Path) -> None:
        password, actor = os.environ.get(PASSWORD_VARIABLE, ""), Actor.system("mail_certificate")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES)
        try:
            put_certificate(account=account, data=data, password=password, actor=actor, now=timezone.now())
        except BadCertificate as error:
            raise CommandError(words_of(Finding(error.code, is_ok=False))) from error

    def _drop(self, account: ProviderAccount) -> None:
        try:
            drop_certificate(account=account, actor=Actor.system("mail_certificate"), now=timezone.now())
        except NoCertificate as error:
            raise CommandError("There is no certificate.") from error
