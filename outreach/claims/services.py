"""Taking what is told of a customer's circumstances, and what staff make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from channels.delaying import delay_queued, end_delay
from customers.contacts.health import Health
from customers.flags.services import FlagRefused, raise_flag
from customers.models import ContactPoint, Customer
from customers.services import mark_contact_health
from outreach.claims import rules
from outreach.claims.models import Claim
from outreach.selectors import is_working_day
from outreach.signals import claim_confirmed
from outreach.spreading import next_working_day
from outreach.tellers import Teller, check_pace, new_number
from questionnaires.links import end_links
from questionnaires.models import AccessLink
from retention.expiring import day_in_japan
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

Status = Claim.Status


class ClaimRefused(Refused):
    """The step can't be taken; the text tells the member of staff what to do next."""


_STEPS = Steps(ClaimRefused)


@transaction.atomic
def make_claim(*, teller: Teller, token: UUID, kind: str, details: Mapping[str, str], now: datetime) -> Claim:
    """Take what is told; the same ``token`` twice is one. The customer, their links and answers stay as they are.

    What waits to be sent waits up to fourteen days, so that somebody can look into it; no longer, whoever told it.

    Raises:
        TooMany
    """
    known: Claim | None = Claim.objects.filter(token=token).first()
    if known:
        return known
    check_pace(teller, Claim.objects.all(), now=now)
    is_quiet = kind in rules.QUIET
    claim: Claim = Claim.objects.create(
        customer=teller.customer,
        token=token,
        number=new_number(Claim.objects.all()),
        reference=teller.reference,
        link_reference=teller.link_id,
        is_proved=teller.is_proved,
        language=teller.language,
        kind=kind,
        details={name: value for name, value in details.items() if value},
        quiet_until=now + rules.QUIET_FOR if is_quiet else now,
        due_on=next_working_day(day_in_japan(now), is_working_day()),
        told_at=now,
    )
    record("claim.made", target=claim, actor=teller.actor, at=now, kind=kind, proved=teller.is_proved)
    if is_quiet:
        delay_queued(customer_id=teller.customer.pk, until=claim.quiet_until, actor=teller.actor, now=now)
    return claim


@transaction.atomic
def confirm_claim(*, claim: Claim, finding: str, from_on: date | None, actor: Actor, now: datetime) -> None:
    """It is so: the customer is flagged, left alone, or their address is marked as wrong.

    ``from_on``: since when, of somebody who died or has a guardian.

    Raises:
        ClaimRefused: no finding, no day where one is needed, somebody was faster, or the flag cannot be raised.
    """
    if not finding.strip():
        raise ClaimRefused(_("Write down what you looked at, and what it says."))
    held = _decided(claim.pk, Status.CONFIRMED, finding, actor, now)
    if flag := rules.FLAGS.get(held.kind):
        if from_on is None:
            raise ClaimRefused(_("Enter since when it has been so."))
        _flag(held, flag, finding, from_on, actor, now)
    if held.kind == Claim.Kind.NOT_MINE:
        _mark_address(held, actor, now)
    claim_confirmed.send(Claim, customer_id=held.customer_id, reference=held.reference, kind=held.kind, now=now)


@transaction.atomic
def dismiss_claim(*, claim: Claim, finding: str, actor: Actor, now: datetime) -> None:
    """It is not so, or cannot be made sure of: everything goes on as before.

    Raises:
        ClaimRefused: no finding, or somebody was faster.
    """
    if not finding.strip():
        raise ClaimRefused(_("Write down what you looked at, and what it says."))
    held = _decided(claim.pk, Status.DISMISSED, finding, actor, now)
    if held.quiet_until > now:
        end_delay(customer_id=held.customer_id, until=held.quiet_until, actor=actor, now=now)


def _decided(claim_id: UUID, to: str, finding: str, actor: Actor, now: datetime) -> Claim:
    standing = _STEPS.standing(actor, Permission.FLAG_CUSTOMER, now=now)
    held: Claim = Claim.objects.select_for_update(of=("self",), no_key=True).get(pk=claim_id)
    signed = {"decided_by": standing.user_id, "decided_at": now, "finding": finding.strip()}
    _STEPS.move(held, to, actor=actor, now=now, **signed)
    return held


def _flag(claim: Claim, kind: str, finding: str, from_on: date, actor: Actor, now: datetime) -> None:
    customer = Customer.objects.get(pk=claim.customer_id)
    try:
        raise_flag(customer=customer, kind=kind, reason=finding, from_on=from_on, until_on=None, actor=actor, now=now)
    except FlagRefused as refused:
        raise ClaimRefused(str(refused)) from refused


def _mark_address(claim: Claim, actor: Actor, now: datetime) -> None:
    """Nothing more goes where the notice went, and the link that is out there ends."""
    link: AccessLink | None = AccessLink.objects.filter(pk=claim.link_reference).first()
    wrong = rules.wrong_address_of(link.channel) if link else None
    if wrong:
        channel, reason = wrong
        points = ContactPoint.objects.filter(customer=claim.customer_id, channel=channel, is_current=True)
        health = Health.RETURNED if channel == ContactPoint.Channel.POST else Health.BOUNCED
        mark_contact_health(
            contact_ids=list(points.values_list("pk", flat=True)), health=health, reason=reason, now=now
        )
    end_links(references=[claim.reference], actor=actor, now=now)
