"""Writing exports: ordered, made in the background, let out by a second person above a limit, taken, destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import transition, transition_many
from customers.exporting.columns import choices
from customers.exporting.erasing import remove_files, take_turns
from customers.exporting.making import Making
from customers.exporting.models import CustomerExport, ExportPiece
from customers.exporting.selectors import Wanted, limit_in_force, wanted_of
from customers.segments.conditions import SegmentInvalid
from customers.segments.selecting import count_customers
from retention.expiring import day_in_japan
from tenants.four_eyes import Standing, standing_of
from tenants.lookups import MembershipOf, memberships_of
from tenants.middleware import reach_of
from tenants.permissions import Permission
from tenants.reach import within_reach
from tenants.scoping import required_tenant_id
from tenants.steps import Refused, Steps
from tenants.workbooks import SheetFull

# How long a file can be had, or waits to be approved.
KEPT = timedelta(hours=72)
_HELD = (CustomerExport.Status.PREPARED, CustomerExport.Status.READY)


class ExportRefused(Refused):
    """The file cannot be made or had so."""

    TOO_LATE = _("Somebody else has dealt with this file already. Reload the page.")


_STEPS = Steps(ExportRefused)


def order_export(
    *, wanted: Wanted, columns: Sequence[str], encoding: str, purpose: str, matter: str, actor: Actor, now: datetime
) -> CustomerExport:
    """Have a file made of customers; `make_waiting` makes it. ``matter`` is the bank's number of it, never a name.

    Raises:
        ExportRefused: the actor may not, has another file that waits, chose no column, or nobody is in the filter.
    """
    known = [key for key, _title in choices(wanted.of)]
    chosen = [key for key in known if key in columns]
    if not chosen or len(chosen) != len(set(columns)):
        raise ExportRefused(_("Choose the columns of the file anew."))
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.EXPORT_DATA, now=now)
        expected = count_customers(wanted.customers(today=day_in_japan(now)))
        if not expected.customers and expected.looked_at is None:
            raise ExportRefused(_("There is no customer to export."))
        try:
            with transaction.atomic():
                export: CustomerExport = CustomerExport.objects.create(
                    wanted=wanted.document(),
                    columns=chosen,
                    encoding=encoding,
                    purpose=purpose,
                    matter=matter,
                    ordered_by=standing.user_id,
                    ordered_person=standing.person,
                    ordered_at=now,
                )
        except IntegrityError as error:
            raise ExportRefused(_("A file of yours waits already. Wait for it, or throw it away first.")) from error
        said = {"purpose": purpose, "matter": matter, "encoding": encoding, "rows": expected.customers}
        record("customerexport.ordered", target=export, actor=actor, at=now, columns=chosen, **said)
    return export


def make_waiting(*, actor: Actor, now: datetime) -> None:
    """Make the file that was ordered first, if there is one: all of it or, where the worker dies, nothing of it."""
    with transaction.atomic():
        waiting = CustomerExport.objects.filter(status=CustomerExport.Status.PREPARING).order_by("ordered_at", "pk")
        export = waiting.select_for_update(skip_locked=True, no_key=True).first()
        if export is not None:
            _make(export, actor=actor, now=now)


def _make(export: CustomerExport, *, actor: Actor, now: datetime) -> None:
    """As whoever ordered it may see at this moment, whatever they might when they ordered it."""
    standing, member = standing_of(Actor.user(export.ordered_by), now=now), _member(export.ordered_by)
    if standing is None or member is None or not standing.may(Permission.EXPORT_DATA):
        _fail(export, "not_allowed", actor=actor, now=now)
        return
    take_turns()
    making = Making(export, masked=not standing.may(Permission.VIEW_PERSONAL_DATA))
    try:
        with within_reach(reach_of(export.ordered_by, member)):
            making.run(wanted_of(export), today=day_in_japan(now))
    except SegmentInvalid:
        _fail(export, "segment", actor=actor, now=now)
        return
    except SheetFull:
        remove_files([export.pk])
        _fail(export, "workbook", actor=actor, now=now)
        return
    record(
        "customerexport.made",
        target=export,
        actor=actor,
        at=now,
        rows=making.rows,
        columns=export.columns,
        sensitive=making.sensitive,
        is_masked=making.masked,
    )
    limit = limit_in_force()
    to = CustomerExport.Status.READY if making.rows <= limit else CustomerExport.Status.PREPARED
    transition(
        export,
        to,
        actor=actor,
        at=now,
        made_at=now,
        rows=making.rows,
        limit=limit,
        is_masked=making.masked,
        made_for=_place(member),
        sha256=making.sha256,
        size=making.size,
        unwritable=making.named or None,
        kept_until=now + KEPT,
    )


def approve_export(*, export: CustomerExport, seen: str, actor: Actor, now: datetime) -> None:
    """Let the file out to the one who ordered it. ``seen`` is the SHA-256 that the page showed.

    Raises:
        ExportRefused: the actor ordered it, under whatever account; may not; somebody was faster; or it is gone.
    """
    with transaction.atomic():
        standing = _second(export, actor, now)
        if seen != export.sha256 or not ExportPiece.objects.filter(export=export).exists():
            raise ExportRefused(_("This is not the file that you saw, or it is gone. Reload the page."))
        signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
        _STEPS.move(export, CustomerExport.Status.READY, actor=actor, now=now, kept_until=now + KEPT, **signed)
        _tell("customerexport.approved", export, actor, now)


def reject_export(*, export: CustomerExport, reason: str, actor: Actor, now: datetime) -> None:
    """Do not let the file out; it is destroyed.

    Raises:
        ExportRefused: no reason is given; else as `approve_export`.
    """
    if not reason.strip():
        raise ExportRefused(_("Write down why."))
    with transaction.atomic():
        standing = _second(export, actor, now)
        _discard(export, standing, actor=actor, now=now, reason=reason.strip()[:200])
        _tell("customerexport.rejected", export, actor, now)


def discard_export(*, export: CustomerExport, actor: Actor, now: datetime) -> None:
    """Destroy one's own file before its time.

    Raises:
        ExportRefused: it is somebody else's, or there is none any more.
    """
    with transaction.atomic():
        _discard(export, _owner(export, actor, now), actor=actor, now=now)


def take_file(*, export: CustomerExport, actor: Actor, now: datetime) -> bytes:
    """The file, for the one who ordered it, as often as it is needed; every time is on record.

    Raises:
        ExportRefused: it is another's, not let out, its time is over, or the role it was made for is another one now.
    """
    with transaction.atomic():
        owner = _owner(export, actor, now)
        if export.status != CustomerExport.Status.READY or export.kept_until is None or export.kept_until <= now:
            raise ExportRefused(_("The file is not there: it is not ready yet, or its time is over."))
        member = _member(owner.user_id)
        if member is None or _place(member) != export.made_for:
            raise ExportRefused(_("Your role has changed since the file was made. Order it anew."))
        body = b"".join(piece.body for piece in ExportPiece.objects.filter(export=export).order_by("position"))
        if not body:
            raise ExportRefused(_("The file is gone: somebody in it has been destroyed meanwhile. Order it anew."))
        _tell("customerexport.taken", export, actor, now)
    return body


def destroy_old_exports(*, actor: Actor, now: datetime) -> None:
    """The files whose time is over; what they were stays."""
    with transaction.atomic():
        for status in _HELD:
            old = CustomerExport.objects.filter(status=status, kept_until__lte=now)
            ids = list(old.order_by("pk").values_list("pk", flat=True))
            moved = transition_many(
                CustomerExport, ids, was=status, to=CustomerExport.Status.EXPIRED, actor=actor, at=now
            )
            remove_files(moved)


def _fail(export: CustomerExport, code: str, *, actor: Actor, now: datetime) -> None:
    transition(export, CustomerExport.Status.FAILED, actor=actor, at=now, failure=code)


def _discard(export: CustomerExport, standing: Standing, *, actor: Actor, now: datetime, reason: str = "") -> None:
    signed = {"settled_by": standing.user_id, "settled_at": now, "reason": reason}
    _STEPS.move(export, CustomerExport.Status.DISCARDED, actor=actor, now=now, **signed)
    remove_files([export.pk])


def _tell(event: str, export: CustomerExport, actor: Actor, now: datetime) -> None:
    record(event, target=export, actor=actor, at=now, rows=export.rows, columns=export.columns)


def _second(export: CustomerExport, actor: Actor, now: datetime) -> Standing:
    export.refresh_from_db()
    standing = _STEPS.standing(actor, Permission.APPROVE_EXPORT, now=now)
    if standing.did((export.ordered_by, export.ordered_person)):
        raise ExportRefused(_("You ordered this file yourself. Somebody else has to approve it."))
    if export.status != CustomerExport.Status.PREPARED:
        raise ExportRefused(_("Somebody else has dealt with this file already. Reload the page."))
    return standing


def _owner(export: CustomerExport, actor: Actor, now: datetime) -> Standing:
    export.refresh_from_db()
    standing = _STEPS.standing(actor, Permission.EXPORT_DATA, now=now)
    if not standing.did((export.ordered_by, export.ordered_person)):
        raise ExportRefused(_("Only the one who ordered this file can have it."))
    return standing


def _member(user_id: int) -> MembershipOf | None:
    return next((one for one in memberships_of(user_id) if one.tenant_id == required_tenant_id()), None)


def _place(member: MembershipOf) -> str:
    return f"{member.role}/{member.branch_code}"
