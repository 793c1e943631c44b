"""Setting up where books are fetched from, and letting files be taken in without a person: two people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.services import Actor, record
from integrations.pickups.models import AgainReason, PickedFile, PickupSource
from integrations.pickups.sftp import make_key
from tenants.four_eyes import Standing
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

# What `save_source` may set; everything else is the clock's or another person's.
SETTINGS = (
    "name", "kind", "folder", "host", "port", "username", "host_key", "pattern", "marker", "layout", "afterwards",
    "every_minutes", "times", "expected_by", "expected_days", "expected_weekdays", "expected_nth", "takes_in",
    "max_changed", "max_rejected",
)  # fmt: skip
_FRESH: Mapping[str, Any] = {
    "failure_code": "", "failure_params": {}, "failing_since": None, "failures": 0, "missing_since": None,
}  # fmt: skip
_NOBODY: Mapping[str, Any] = {"approved_by": None, "approved_person": "", "approved_at": None}


class PickupRefused(Refused):
    """What was asked for is not possible; its text is a sentence for the person who asked."""

    OWN_WORK = gettext_lazy("You set this up yourself. Somebody else has to approve it.")
    TOO_LATE = gettext_lazy("Somebody was faster. Reload the page.")


_STEPS = Steps(PickupRefused)


def save_source(
    *, source: PickupSource | None = None, values: Mapping[str, Any], actor: Actor, now: datetime
) -> PickupSource:
    """Set up a source, or change one. It is looked at soon; files wait for a person until somebody else approves.

    Raises:
        PickupRefused: the actor may not, or another source has the name.
    """
    kept = source or PickupSource()
    try:
        with transaction.atomic():
            standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
            changed = sorted(name for name in SETTINGS if source is None or getattr(kept, name) != values[name])
            for name in SETTINGS:
                setattr(kept, name, values[name])
            if kept.kind == PickupSource.Kind.SFTP and not kept.private_key:
                kept.private_key, kept.public_key = make_key()
            _propose(kept, standing, now)
            record("pickupsource.saved", target=kept, actor=actor, at=now, changed=changed, takes_in=kept.takes_in)
    except IntegrityError as error:
        raise PickupRefused(_("Another pick-up has this name.")) from error
    return kept


def renew_key(*, source: PickupSource, actor: Actor, now: datetime) -> None:
    """Make a new key of ours; the server has to be given its public half before the next look succeeds.

    Raises PickupRefused.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        held = _held(source)
        held.private_key, held.public_key = make_key()
        _propose(held, standing, now)
        record("pickupsource.key_renewed", target=held, actor=actor, at=now)


def approve_source(*, source: PickupSource, seen: str, actor: Actor, now: datetime) -> None:
    """Let the source's files be taken in without a person. ``seen``: `version_of` what the page showed.

    Raises:
        PickupRefused: the actor set it up, under whatever account; may not; or it was changed since.
    """
    with transaction.atomic():
        held = _held(source)
        asked = (held.proposed_by, held.proposed_person)
        standing = _STEPS.second(actor, Permission.APPROVE_SETTINGS, [asked], now=now)
        if not held.takes_in or held.approved_by is not None or seen != version_of(held):
            raise PickupRefused(_("This is not what the page showed. Reload it and look again."))
        held.approved_by, held.approved_person, held.approved_at = standing.user_id, standing.person, now
        held.save(update_fields=list(_NOBODY))
        record("pickupsource.approved", target=held, actor=actor, at=now)


def pause_source(*, source: PickupSource, actor: Actor, now: datetime) -> None:
    """Look at the place no more, until it is resumed. Raises PickupRefused."""
    _move(source, PickupSource.Status.PAUSED, actor=actor, now=now)


def resume_source(*, source: PickupSource, actor: Actor, now: datetime) -> None:
    """Look at the place again, at once. What was due meanwhile is not missed. Raises PickupRefused."""
    _move(source, PickupSource.Status.ACTIVE, actor=actor, now=now, next_look_at=now, watched_at=now, **_FRESH)


def look_now(*, source: PickupSource, actor: Actor, now: datetime) -> None:
    """Have the place looked at as soon as a worker is free, whatever the hour. Raises PickupRefused."""
    with transaction.atomic():
        _STEPS.standing(actor, Permission.IMPORT_CUSTOMERS, now=now)
        active = PickupSource.objects.filter(pk=source.pk, status=PickupSource.Status.ACTIVE)
        if not active.update(next_look_at=now):
            raise PickupRefused(_("This pick-up is paused. Resume it first."))
        record("pickupsource.ordered", target=source, actor=actor, at=now)


def take_again(*, file: PickedFile, reason: str, actor: Actor, now: datetime) -> None:
    """Have a file fetched once more that is dealt with, whatever is known of it; a person looks at its trial.

    ``reason``: one of AgainReason. Raises PickupRefused.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.IMPORT_CUSTOMERS, now=now)
        source = _held(PickupSource(pk=file.source_id))
        newest = PickedFile.objects.filter(source=source, name_index=file.name_index).order_by("-id")
        was = newest.select_related("customer_import").first()
        if was is None or was.pk != file.pk or was.status == PickedFile.Status.SEEN:
            raise PickupRefused(_("The file has been found anew since. Look at the journal again."))
        if was.is_undecided:
            raise PickupRefused(_("Its content still waits to be decided. Decide about that import first."))
        if was.is_archived:
            raise PickupRefused(
                _("It was moved into the folder “archive”. Have it put back under another name; it is then found anew.")
            )
        if source.status != PickupSource.Status.ACTIVE:
            raise PickupRefused(_("This pick-up is paused. Resume it first."))
        asked = PickedFile.objects.create(
            source=source,
            name=was.name,
            name_index=was.name_index,
            size=was.size,
            modified_at=was.modified_at,
            seen_at=now,
            again_reason=AgainReason(reason),
            asked_by=standing.user_id,
        )
        PickupSource.objects.filter(pk=source.pk).update(next_look_at=now)
        record("pickedfile.again", target=asked, actor=actor, at=now, reason=reason)


def version_of(source: PickupSource) -> str:
    """Which settings these are: what an approval is of."""
    return source.proposed_at.isoformat()


def _propose(source: PickupSource, standing: Standing, now: datetime) -> None:
    source.proposed_by, source.proposed_person, source.proposed_at = standing.user_id, standing.person, now
    for name, value in {**_NOBODY, **_FRESH, "next_look_at": now}.items():
        setattr(source, name, value)
    if source._state.adding:
        source.save()
    else:  # the lease is the worker's
        keys = ("private_key", "public_key", "proposed_by", "proposed_person", "proposed_at", "next_look_at")
        source.save(update_fields=[*SETTINGS, *keys, *_NOBODY, *_FRESH])


def _move(source: PickupSource, to: str, *, actor: Actor, now: datetime, **changes: Any) -> None:
    with transaction.atomic():
        _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        _STEPS.move(source, to, actor=actor, now=now, **changes)


def _held(source: PickupSource) -> PickupSource:
    held: PickupSource = PickupSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    return held
