"""Raising flags, lifting them by one person or two, letting them lapse, and reading why, on the record."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.rules import DECEASED, LIFTED_BY_TWO, OF_COMPANIES
from customers.flags.signals import customer_flagged
from customers.models import Customer
from customers.pointers import lock_own
from retention.expiring import day_in_japan
from tenants.permissions import Permission
from tenants.steps import Refused, Steps, Words

Status = CustomerFlag.Status
SYSTEM = Actor.system("flags")


class FlagRefused(Refused):
    """The step can't be taken; the text tells the person what to do next. ``field``: of the form, if it is one."""

    OWN_WORK = _("You proposed this yourself. Somebody else has to approve it.")

    def __init__(self, words: Words, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


_STEPS = Steps(FlagRefused)


def raise_flag(
    *,
    customer: Customer,
    kind: str,
    reason: str,
    from_on: date,
    until_on: date | None,
    actor: Actor,
    now: datetime,
) -> CustomerFlag:
    """Put a flag on a customer from this moment on; ``from_on`` is the day since which it has been so.

    Whatever waits to be sent to a customer who may not be contacted is withdrawn in the same transaction.

    Raises:
        FlagRefused: no such flag for this customer, one is in force, no reason, or days that cannot be.
        CustomerMerged: the customer is part of another, for whom it has to be raised.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.FLAG_CUSTOMER, now=now)
        _check(customer, kind, reason, from_on, until_on, day_in_japan(now))
        flag = CustomerFlag(
            customer=customer,
            kind=kind,
            reason=reason.strip(),
            from_on=from_on,
            until_on=until_on,
            raised_by=standing.user_id,
            raised_person=standing.person,
            raised_at=now,
        )
        _put_on(flag)
        record("customerflag.raised", target=flag, actor=actor, at=now, kind=kind)
        customer_flagged.send(CustomerFlag, customer_id=customer.pk, kind=kind, now=now)
        lock_own(customer.pk)  # last, as an answer locks the customer after the response
    return flag


def lift_flag(*, flag: CustomerFlag, reason: str, actor: Actor, now: datetime) -> FlagLifting | None:
    """Lift a flag, or propose it where two people must; the proposal is returned.

    Raises:
        FlagRefused: no reason, it is not in force any more, or somebody has proposed it already.
    """
    if not reason.strip():
        raise FlagRefused(_("Write down why the flag is to be lifted."), "reason")
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.LIFT_FLAG, now=now)
        held: CustomerFlag = CustomerFlag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
        if held.status != Status.IN_FORCE:
            raise FlagRefused(_("This flag is not in force any more."))
        if held.kind not in LIFTED_BY_TWO:
            _end(held, Status.LIFTED, actor=actor, now=now, ended_by=standing.user_id, ended_because=reason.strip())
            return None
        if FlagLifting.objects.filter(flag=held, status=FlagLifting.Status.PROPOSED).exists():
            raise FlagRefused(_("A colleague has proposed this already. It waits for a second person."))
        signed = standing.signs("proposed", now)
        lifting: FlagLifting = FlagLifting.objects.create(flag=held, reason=reason.strip(), **signed)
        record("flaglifting.proposed", target=lifting, actor=actor, at=now, kind=held.kind)
    return lifting


def approve_lifting(*, lifting: FlagLifting, actor: Actor, now: datetime) -> None:
    """Lift the flag as proposed. Nothing that was withdrawn is sent; the next plan takes the customer in again.

    Raises:
        FlagRefused: it is the actor's own proposal, the role is gone, or somebody else has decided.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.APPROVE_FLAG, now=now)
        held = CustomerFlag.objects.select_for_update(of=("self",)).get(pk=lifting.flag_id)
        lifting.refresh_from_db(fields=["status", "proposed_by", "proposed_person"])
        if standing.did(*lifting.acts):
            raise FlagRefused(FlagRefused.OWN_WORK)
        _STEPS.approved(lifting, standing, actor=actor, now=now)
        _end(held, Status.LIFTED, actor=actor, now=now, ended_by=standing.user_id)


def reject_lifting(*, lifting: FlagLifting, actor: Actor, now: datetime) -> None:
    """Leave the flag in force; whoever proposed the lifting takes it back so.

    Raises:
        FlagRefused: the role is gone, or somebody else has decided.
    """
    with transaction.atomic():
        _STEPS.reject(lifting, Permission.APPROVE_FLAG, Permission.LIFT_FLAG, actor=actor, now=now)


def lapse_flags(*, now: datetime) -> int:
    """Flags whose last day is over are not in force any more, and proposals to lift them fall; returns how many."""
    with transaction.atomic():
        over = CustomerFlag.objects.filter(status=Status.IN_FORCE, until_on__lt=day_in_japan(now)).order_by("pk")
        flags = list(over.select_for_update(of=("self",)))
        for flag in flags:
            for lifting in FlagLifting.objects.filter(flag=flag, status=FlagLifting.Status.PROPOSED):
                _STEPS.move(lifting, FlagLifting.Status.REJECTED, actor=SYSTEM, now=now, rejected_at=now)
            _end(flag, Status.LAPSED, actor=SYSTEM, now=now)
    return len(flags)


def read_reason(*, flag: CustomerFlag, actor: Actor, now: datetime) -> list[str]:
    """Why a flag was raised, and why it was lifted or is to be, if so; that it was read is on the record.

    Raises:
        FlagRefused: the role does not include it.
        PersonShredded: the customer's data were destroyed.
    """
    with transaction.atomic():
        _STEPS.standing(actor, Permission.READ_FLAG_REASON, now=now)
        record("customerflag.reason_read", target=flag, actor=actor, at=now, kind=flag.kind)
        found = [flag.reason]
        found += [flag.ended_because] if flag.ended_because else []
        found += [row.reason for row in FlagLifting.objects.filter(flag=flag).order_by("proposed_at")]
    return [str(text) for text in found]


def _check(customer: Customer, kind: str, reason: str, from_on: date, until_on: date | None, today: date) -> None:
    if kind not in CustomerFlag.Kind.values:
        raise FlagRefused(_("Choose the flag."), "kind")
    if customer.kind == Customer.Kind.COMPANY and kind not in OF_COMPANIES:
        raise FlagRefused(_("This flag is for natural persons only."), "kind")
    if not reason.strip():
        raise FlagRefused(_("Write down why the flag is raised."), "reason")
    if from_on > today:
        raise FlagRefused(_("Enter a day that is not in the future."), "from_on")
    if until_on is not None and kind == DECEASED:
        raise FlagRefused(_("This flag has no end. Leave the day empty."), "until_on")
    if until_on is not None and until_on < today:
        raise FlagRefused(_("Enter a day that is not in the past."), "until_on")
    if CustomerFlag.objects.filter(customer=customer, kind=kind, status=Status.IN_FORCE).exists():
        raise FlagRefused(_("The customer has this flag already."), "kind")


def _put_on(flag: CustomerFlag) -> None:
    """The table says whether there is one: a lock on the customer would wait for an answer that waits for us."""
    try:
        with transaction.atomic():
            flag.save()
    except IntegrityError as error:
        raise FlagRefused(_("The customer has this flag already."), "kind") from error


def _end(flag: CustomerFlag, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    _STEPS.move(flag, to, actor=actor, now=now, ended_at=now, **changes)
