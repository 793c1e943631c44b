"""Keeping segments: save, change, remove, each on the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor, record
from customers.facts.selectors import own_asked
from customers.segments.conditions import SegmentInvalid, conditions_of
from customers.segments.models import Segment


def save_segment(
    *, name: str, document: Mapping[str, Any], is_shared: bool, owner: int, actor: Actor, now: datetime
) -> Segment:
    """Keep conditions under a name.

    Raises:
        SegmentInvalid: the document is none, or asks nothing.
    """
    _check(document)
    with transaction.atomic():
        segment: Segment = Segment.objects.create(
            name=name, document=dict(document), is_shared=is_shared, owner=owner, created_at=now, changed_at=now
        )
        record("segment.saved", target=segment, actor=actor, at=now, is_shared=is_shared)
    return segment


def change_segment(
    *, segment: Segment, name: str, document: Mapping[str, Any], is_shared: bool, actor: Actor, now: datetime
) -> None:
    """Other conditions, another name, shared or not any more. Raises SegmentInvalid."""
    _check(document)
    with transaction.atomic():
        segment.name, segment.document, segment.is_shared, segment.changed_at = name, dict(document), is_shared, now
        segment.save(update_fields=["name", "document", "is_shared", "changed_at"])
        record("segment.changed", target=segment, actor=actor, at=now, is_shared=is_shared)


def remove_segment(*, segment: Segment, actor: Actor, now: datetime) -> None:
    """It is gone; no customer changes."""
    with transaction.atomic():
        record("segment.removed", target=segment, actor=actor, at=now, is_shared=segment.is_shared)
        segment.delete()


def _check(document: Mapping[str, Any]) -> None:
    if not conditions_of(document, own_asked()):
        raise SegmentInvalid("A segment asks something.")
