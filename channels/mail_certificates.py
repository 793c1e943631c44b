"""The S/MIME certificate of a bank's mail: brought by the bank, sealed with the account, replaced before it ends."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from channels.mail_smime import BadCertificate, Signer, load_signer, problem_of, read_signer, sealed
from channels.models import ProviderAccount


class NoCertificate(Exception):
    """The account has none."""


def signer_of(account: ProviderAccount) -> Signer | None:
    """What the account's mail is signed with, if anything."""
    kept = account.credentials.get("smime")
    return load_signer(kept) if kept else None


def put_certificate(*, account: ProviderAccount, data: bytes, password: str, actor: Actor, now: datetime) -> Signer:
    """Sign with this file's certificate from now on, instead of the one before if there was any.

    Raises:
        BadCertificate: it cannot be read, or is not one for the sender's address, or not one of today.
    """
    signer = read_signer(data, password)
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        problem = problem_of(signer, sender=str(account.options.get("sender", "")), now=now)
        if problem:
            raise BadCertificate(problem)
        account.credentials = {**account.credentials, "smime": sealed(signer)}
        account.save(update_fields=["credentials"])
        said = {"serial": f"{signer.certificate.serial_number:x}", "ends_on": signer.ends_at.date().isoformat()}
        record("provideraccount.mail_certificate_put", target=account, actor=actor, at=now, **said)
    return signer


def drop_certificate(*, account: ProviderAccount, actor: Actor, now: datetime) -> None:
    """Sign no more by S/MIME.

    Raises:
        NoCertificate: there is none.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        if "smime" not in account.credentials:
            raise NoCertificate
        account.credentials = {name: value for name, value in account.credentials.items() if name != "smime"}
        account.save(update_fields=["credentials"])
        record("provideraccount.mail_certificate_dropped", target=account, actor=actor, at=now)
