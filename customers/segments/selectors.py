"""Reading segments: which there are for somebody."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from customers.segments.conditions import MOST_VALUES
from customers.segments.models import Segment
from tenants.models import Branch

# From one to the next by the index, however many customers each has.
_DEPARTMENTS = """
WITH RECURSIVE named (department) AS (
    SELECT min(department) FROM customers_customer WHERE department > ''
    UNION ALL
    SELECT (SELECT min(c.department) FROM customers_customer c
            WHERE c.department > named.department AND c.department > '')
    FROM named WHERE named.department IS NOT NULL
)
SELECT department FROM named WHERE department IS NOT NULL LIMIT %s
"""
# Above the list stand so many; the page of segments has all.
CHIPS = 12


def segments_for(user_id: int) -> QuerySet[Segment]:
    """Their own and the institution's, by name."""
    rows: QuerySet[Segment] = Segment.objects.filter(Q(owner=user_id) | Q(is_shared=True))
    return rows.order_by("name", "pk")


def segment_for(user_id: int, segment_id: UUID | None) -> Segment | None:
    """One of them; None for another's own, or one that is gone."""
    return segments_for(user_id).filter(pk=segment_id).first() if segment_id else None


def departments() -> list[str]:
    """The departments in charge that are named in the book, as far as a filter can have values; one leap for each."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPARTMENTS, [MOST_VALUES])
        return [name for (name,) in cursor.fetchall()]


def branch_names() -> dict[str, str]:
    """Code to name of the institution's branches."""
    return dict(Branch.objects.order_by("code").values_list("code", "name"))
