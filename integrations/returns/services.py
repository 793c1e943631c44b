"""Writing return files: the layout, and a file's way from being made until the core system has taken it in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import transition
from integrations.returns.building import Building, due_changes
from integrations.returns.filling import ReturnFile
from integrations.returns.layouts import document_of, form_from
from integrations.returns.models import ReturnBatch, ReturnedChange, ReturnLayout, ReturnPiece
from integrations.returns.selectors import current_layout, form_of, returnable
from integrations.returns.spelling import Unwritable
from retention.expiring import day_in_japan
from tenants.permissions import Permission
from tenants.steps import Refused, Steps
from tenants.turns import take_turn
from tenants.workbooks import SheetFull

# A file that the core system lost can be had again so long; afterwards its changes go into a new one.
KEPT = timedelta(days=30)
_IN_TURNS = 0x6B7A_0003  # ordering a file and setting the layout: numbers follow one another


class ReturnRefused(Refused):
    """The layout cannot be changed so, or the file not go that way."""

    OWN_WORK = _("You proposed this layout yourself. Somebody else has to approve it.")
    WAITING = _("Another layout waits for approval. Have it approved or rejected first.")


_STEPS = Steps(ReturnRefused)


def propose_layout(*, document: Mapping[str, Any], actor: Actor, now: datetime) -> ReturnLayout:
    """Have return files made by another layout, once a second person has approved it.

    Raises:
        LayoutInvalid: it cannot be used.
        ReturnRefused: the actor may not, or another one waits.
    """
    form = form_from(document, facts=returnable())
    with transaction.atomic():
        take_turn(_IN_TURNS)
        last = ReturnLayout.objects.aggregate(last=Max("version"))["last"] or 0
        layout = ReturnLayout(version=last + 1, document=document_of(form))
        _STEPS.propose(layout, Permission.MANAGE_SETTINGS, actor=actor, now=now, version=layout.version)
    return layout


def approve_layout(*, layout: ReturnLayout, actor: Actor, now: datetime) -> None:
    """The next return file is made by it.

    Raises:
        ReturnRefused: the actor proposed it, under whatever account; may not; or somebody was faster.
    """
    with transaction.atomic():
        take_turn(_IN_TURNS)
        _STEPS.approve(layout, Permission.APPROVE_SETTINGS, actor=actor, now=now)


def reject_layout(*, layout: ReturnLayout, actor: Actor, now: datetime) -> None:
    """Leave the layout in force as it is; whoever proposed the other one may take it back so.

    Raises:
        ReturnRefused: the actor may not, or it is decided already.
    """
    with transaction.atomic():
        _STEPS.take_back(layout, Permission.APPROVE_SETTINGS, actor=actor, now=now)


def prepare_batch(*, actor: Actor, now: datetime) -> ReturnBatch:
    """Have a return file made of everything that is due; `make_waiting` makes it.

    Raises:
        ReturnRefused: there is no layout, nothing is due, or another file waits to be released.
    """
    with transaction.atomic():
        take_turn(_IN_TURNS)
        standing = _STEPS.standing(actor, Permission.EXPORT_DATA, now=now)
        layout = current_layout()
        if layout is None:
            raise ReturnRefused(_("There is no layout for return files yet. An administrator has to set it first."))
        if ReturnBatch.objects.filter(status__in=(ReturnBatch.Status.PREPARING, ReturnBatch.Status.PREPARED)).exists():
            raise ReturnRefused(_("A return file waits already. Release it or throw it away first."))
        if not due_changes(form_of(layout).facts).exists():
            raise ReturnRefused(_("Nothing has been verified and changed since the last return file."))
        last = ReturnBatch.objects.aggregate(last=Max("number"))["last"] or 0
        batch: ReturnBatch = ReturnBatch.objects.create(
            number=last + 1,
            layout=layout,
            **standing.signs("prepared", now),
            **_refusal_before(),
        )
        record("returnbatch.ordered", target=batch, actor=actor, at=now, number=batch.number, layout=layout.version)
    return batch


def make_waiting(*, actor: Actor, now: datetime) -> None:
    """Make the file that was ordered, if there is one: all of it or, where the worker dies, nothing of it."""
    with transaction.atomic():
        waiting = ReturnBatch.objects.filter(status=ReturnBatch.Status.PREPARING)
        batch = waiting.select_for_update(skip_locked=True, no_key=True).first()
        if batch is not None:
            _make(batch, actor=actor, now=now)


def _make(batch: ReturnBatch, *, actor: Actor, now: datetime) -> None:
    layout = ReturnLayout.objects.get(pk=batch.layout_id)
    building = Building(batch, ReturnFile(form_of(layout), number=batch.number, on=day_in_japan(now)))
    try:
        with transaction.atomic():
            building.run()
    except (Unwritable, SheetFull) as full:
        failure = full.hindrance.code if isinstance(full, Unwritable) else "workbook"
        transition(batch, ReturnBatch.Status.DISCARDED, actor=actor, at=now, failure=failure, settled_at=now)
        return
    totals = building.file.totals
    transition(
        batch,
        ReturnBatch.Status.PREPARED,
        actor=actor,
        at=now,
        made_at=now,
        records=totals.records,
        changes=totals.changes,
        hash_total=str(totals.hash_total),
        outcomes=dict(building.outcomes),
        sha256=building.sha256,
        size=building.size,
    )


def release_batch(*, batch: ReturnBatch, seen: str, actor: Actor, now: datetime) -> None:
    """Let the file leave for the core system. ``seen`` is the SHA-256 that the page showed.

    Raises:
        ReturnRefused: the actor had it made, under whatever account; may not; somebody was faster; or it is not what
            the page showed.
    """
    with transaction.atomic():
        batch.refresh_from_db()
        standing = _STEPS.standing(actor, Permission.APPROVE_EXPORT, now=now)
        if standing.did((batch.prepared_by, batch.prepared_person)):
            raise ReturnRefused(_("You had this file made yourself. Somebody else has to release it."))
        if batch.refused_by is not None and standing.did((batch.refused_by, batch.refused_person)):
            raise ReturnRefused(
                _("You recorded that the core system refused the last file. Somebody else has to release this one.")
            )
        if seen != batch.sha256 or not _is_whole(batch):
            raise ReturnRefused(_("This is not the file that you saw, or it is gone. Reload the page."))
        signed = {**standing.signs("released", now), "kept_until": now + KEPT}
        _STEPS.move(batch, ReturnBatch.Status.RELEASED, actor=actor, now=now, **signed)


def discard_batch(*, batch: ReturnBatch, reason: str, actor: Actor, now: datetime) -> None:
    """Throw the file away before it left; its changes go into the next one.

    Raises:
        ReturnRefused: no reason is given, the actor may not, or it has left already.
    """
    _settle_back(batch, ReturnBatch.Status.DISCARDED, reason=reason, actor=actor, now=now)


def refuse_batch(*, batch: ReturnBatch, reason: str, actor: Actor, now: datetime) -> None:
    """The core system did not take the file in; its changes go into the next one.

    Raises:
        ReturnRefused: no reason is given, the actor may not, or the file is not on its way.
    """
    _settle_back(batch, ReturnBatch.Status.REFUSED, reason=reason, actor=actor, now=now)


def acknowledge_batch(*, batch: ReturnBatch, records: int, receipt: str, actor: Actor, now: datetime) -> None:
    """The core system has taken the file in, so many records of it, under a number of its own.

    Raises:
        ReturnRefused: the number of records is not ours, the actor may not, or the file is not on its way.
    """
    with transaction.atomic():
        batch.refresh_from_db()
        standing = _STEPS.standing(actor, Permission.EXPORT_DATA, now=now)
        if records != batch.records:
            counts = {"told": records, "ours": batch.records}
            raise ReturnRefused(
                _(
                    "The core system took in %(told)d records, but the file has %(ours)d. Find out which are missing;"
                    " if it took in none, record that it refused the file."
                )
                % counts
            )
        signed = {**standing.signs("settled", now), "receipt": receipt.strip()}
        _STEPS.move(batch, ReturnBatch.Status.ACKNOWLEDGED, actor=actor, now=now, **signed)


def take_file(*, batch: ReturnBatch, actor: Actor, now: datetime) -> bytes:
    """The released file, as often as it is needed; every time is on record.

    Raises:
        ReturnRefused: it is not released, or no longer kept.
    """
    is_out = batch.status in (ReturnBatch.Status.RELEASED, ReturnBatch.Status.ACKNOWLEDGED)
    with transaction.atomic():
        pieces = ReturnPiece.objects.filter(batch=batch).order_by("position") if is_out else ReturnPiece.objects.none()
        body = b"".join(piece.body for piece in pieces)
        if not body:
            raise ReturnRefused(_("The file is not there: it is not released yet, or no longer kept."))
        record("returnbatch.taken", target=batch, actor=actor, at=now, number=batch.number, sha256=batch.sha256)
    return body


def destroy_old_files(*, actor: Actor, now: datetime) -> None:
    """The files whose time is over; what they were stays."""
    with transaction.atomic():
        old = ReturnBatch.objects.filter(kept_until__lte=now)
        batches = list(old.select_for_update(skip_locked=True, no_key=True))
        for batch in batches:
            ReturnPiece.objects.filter(batch=batch).delete()
            record("returnbatch.file_destroyed", target=batch, actor=actor, at=now, number=batch.number)
        ReturnBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(kept_until=None)


def _settle_back(batch: ReturnBatch, to: str, *, reason: str, actor: Actor, now: datetime) -> None:
    if not reason.strip():
        raise ReturnRefused(_("Write down why."))
    with transaction.atomic():
        batch.refresh_from_db()
        standing = _STEPS.standing(actor, Permission.EXPORT_DATA, now=now)
        signed = {**standing.signs("settled", now), "kept_until": None, "reason": reason.strip()[:200]}
        _STEPS.move(batch, to, actor=actor, now=now, **signed)
        ReturnedChange.objects.filter(batch=batch).delete()
        ReturnPiece.objects.filter(batch=batch).delete()


def _refusal_before() -> dict[str, Any]:
    """Who said that the last file that left was refused: the same values leave again, which is not theirs to decide."""
    left = ReturnBatch.objects.exclude(status=ReturnBatch.Status.DISCARDED).order_by("-number").first()
    if left is None or left.status != ReturnBatch.Status.REFUSED:
        return {}
    return {"refused_by": left.settled_by, "refused_person": left.settled_person}


def _is_whole(batch: ReturnBatch) -> bool:
    """A file whose pieces went with a customer who was destroyed must not leave."""
    return ReturnPiece.objects.filter(batch=batch).exists() or not batch.size
