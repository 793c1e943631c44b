"""What the people behind account ids are called."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.models import User


def names_of(user_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by account id, in one query; ids that are None or unknown are left out."""
    known = {user_id for user_id in user_ids if user_id is not None}
    return dict(User.objects.filter(pk__in=known).values_list("pk", "name")) if known else {}
