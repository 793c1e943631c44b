"""Beginning verifications, and believing what the provider tells of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from audit.services import Actor, record
from audit.transitions import transition
from customers.models import Customer
from ekyc.methods import MethodNotAllowed, allowed, revision_on
from ekyc.models import EkycAccount, EkycEvent, Verification
from ekyc.protocols import Application, Call, EkycRefused, EkycUnavailable, Result, State
from ekyc.registry import provider_of
from ekyc.signals import verification_completed
from tenants.inbox import work_through
from tenants.keys import cipher

Status = Verification.Status
JST = ZoneInfo("Asia/Tokyo")
LIFE = timedelta(days=7)
SILENCE = timedelta(minutes=10)
BATCH = 100
OPEN = (Status.CREATED, Status.OPENED, Status.SUBMITTED)
STATUS_OF = {
    State.CREATED: Status.CREATED,
    State.OPENED: Status.OPENED,
    State.SUBMITTED: Status.SUBMITTED,
    State.APPROVED: Status.APPROVED,
    State.REJECTED: Status.REJECTED,
    State.EXPIRED: Status.EXPIRED,
    State.CANCELLED: Status.CANCELLED,
    State.REVOKED: Status.REVOKED,
}


class NoAccount(Exception):
    """The bank has no account with an eKYC provider."""


def start_verification(
    *, customer: Customer, reference: UUID, method_code: str, return_url: str, now: datetime
) -> Verification:
    """Begin a verification, or go on with the one that is open; ``hosted_url`` is where the customer goes.

    Calls the provider, so no transaction may be open.

    Raises:
        MethodNotAllowed: the method is not lawful today.
        EkycUnavailable, EkycRefused: the provider did not take it.
        NoAccount: the bank has none.
    """
    if not allowed(method_code, now.astimezone(JST).date()):
        raise MethodNotAllowed(method_code)
    verification = _open_verification(customer, reference, method_code, now)
    if verification.hosted_url:
        return verification
    result = provider_of(verification.account).create(
        Application(
            reference=verification.pk,
            method_code=method_code,
            locale=customer.language,
            expires_at=verification.expires_at,
            return_url=return_url,
        )
    )
    verification.provider_reference = result.provider_reference
    verification.hosted_url = result.url
    with transaction.atomic():
        verification.save(update_fields=["provider_reference", "hosted_url"])
    return verification


def receive_webhook(*, account: EkycAccount, call: Call, now: datetime) -> None:
    """Keep an event whose signature is the account's. A repeated event is kept once.

    Raises:
        ForgedWebhook: the signature is not the account's, or too old.
        MalformedWebhook: it cannot be read.
    """
    event_id = provider_of(account).verify(call, now=now)
    event = EkycEvent(
        account=account, provider=account.provider, event_id=event_id[:120], received_at=now, body=call.body
    )
    EkycEvent.objects.bulk_create([event], ignore_conflicts=True)


def process_webhooks(*, now: datetime, limit: int = BATCH) -> int:
    """Act on events that wait, oldest first; one that breaks us is tried again, and at last set aside."""
    return work_through(EkycEvent, _process, now=now, limit=limit)


def refresh_verification(*, verification: Verification, now: datetime) -> None:
    """Ask the provider where a verification stands, in case its webhook is late or lost.

    Calls the provider, so no transaction may be open. A provider that cannot answer changes nothing.
    """
    if verification.status not in OPEN or not verification.provider_reference:
        return
    with transaction.atomic():
        account = verification.account
        provider = provider_of(account)
    try:
        result = provider.fetch(verification.provider_reference)
    except (EkycUnavailable, EkycRefused):
        return
    apply_result(result=result, actor=Actor.provider(account.provider), now=now)


def sweep(*, now: datetime, limit: int = BATCH) -> int:
    """Ask about verifications that have been silent, and end those whose time is over."""
    with transaction.atomic():
        silent = Verification.objects.filter(status__in=OPEN, created_at__lt=now - SILENCE).select_related("account")
        verifications = list(silent.order_by("created_at")[:limit])
    for verification in verifications:
        refresh_verification(verification=verification, now=now)
        if verification.expires_at < now:
            _expire(verification.pk, now)
    return len(verifications)


def apply_result(*, result: Result, actor: Actor, now: datetime) -> bool:
    """Write down what the provider says. Repeats and late steps change nothing.

    Returns:
        False if there is no such verification.
    """
    with transaction.atomic():
        verification = Verification.objects.filter(pk=result.reference).select_for_update().first()
        if verification is None:
            return False
        to = STATUS_OF[result.state]
        if to not in Verification.TRANSITIONS.get(verification.status, ()):
            return True
        transition(verification, to, actor=actor, at=now, **_changes(result, now))
        if to not in OPEN:
            _tell(verification, now)
    return True


@transaction.atomic
def ensure_account(
    *,
    credentials: Mapping[str, str],
    options: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    provider: str = "hosted_page",
) -> EkycAccount:
    """Create or update the tenant's account; its name in webhook addresses is made once and stays."""
    account = EkycAccount.objects.filter(provider=provider).first()
    if account is None:
        account = EkycAccount(provider=provider, public_id=secrets.token_hex(8))
    account.credentials = dict(credentials)
    account.options = dict(options)
    account.save()
    record("ekycaccount.set_up", target=account, actor=actor, at=now, provider=provider)
    return account


@transaction.atomic
def _open_verification(customer: Customer, reference: UUID, method_code: str, now: datetime) -> Verification:
    newest = _newest(reference)
    cipher()  # credentials are opened outside the transaction
    if newest is not None and newest.expires_at > now:
        if newest.status == Status.APPROVED:
            return newest
        if newest.status in OPEN and newest.method_code == method_code:
            return newest
    account = EkycAccount.objects.order_by("created_at").first()
    if account is None:
        raise NoAccount
    verification = Verification(
        customer=customer,
        account=account,
        reference=reference,
        attempt=newest.attempt + 1 if newest else 1,
        method_code=method_code,
        regulation_revision=revision_on(now.astimezone(JST).date()).id,
        created_at=now,
        expires_at=now + LIFE,
    )
    actor = Actor.customer(customer.pk)
    try:
        with transaction.atomic():
            verification.save(force_insert=True)
            record("verification.created", target=verification, actor=actor, at=now, method=method_code)
    except IntegrityError:  # pressed twice: the other request made it
        return _newest(reference) or verification
    return verification


def _newest(reference: UUID) -> Verification | None:
    found = Verification.objects.filter(reference=reference).select_related("account")
    return found.order_by("-attempt").first()


def _process(event: EkycEvent, now: datetime) -> str:
    """Act on one event; returns what was wrong with it, if anything."""
    result = provider_of(event.account).read(event.body)
    is_known = apply_result(result=result, actor=Actor.provider(event.provider), now=now)
    return "" if is_known else "unknown_verification"


def _expire(verification_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        verification = Verification.objects.filter(pk=verification_id).select_for_update().get()
        if verification.status in OPEN:
            transition(verification, Status.EXPIRED, actor=Actor.system("ekyc"), at=now)
            _tell(verification, now)


def _changes(result: Result, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {"reason_codes": list(result.reason_codes)}
    if result.state == State.APPROVED:
        changes["result"] = {"attributes": dict(result.attributes), "document": dict(result.document)}
        changes["verified_at"] = min(result.decided_at or now, now)
    return changes


def _tell(verification: Verification, now: datetime) -> None:
    verification_completed.send(
        Verification, verification_id=verification.pk, reference=verification.reference, now=now
    )
