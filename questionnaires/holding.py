"""Locking a response for whoever changes it, and why it cannot be changed."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from questionnaires.models import Response
from tenants.prepared import Prepared


class ResponseClosed(Exception):
    """The response was submitted or cancelled; nothing can be saved any more."""


class OffRoute(Exception):
    """The page is not asked of this person, or pages before it are still open."""


def locked(response: Response) -> Response:
    """The response with its version, locked until the transaction ends."""
    held = _LOCKED.first(pk=response.pk)
    if held is None:
        raise Response.DoesNotExist
    return held


def _for_update(pk: UUID) -> QuerySet[Response]:
    # Not its key: whoever issues a link to it meanwhile must not wait, or the two could wait for each other.
    rows = Response.objects.select_for_update(of=("self",), no_key=True).select_related("version")
    return rows.defer("version__document").filter(pk=pk)


_LOCKED = Prepared(_for_update, pk=UUID(int=1))


def hold_started(response: Response) -> Response:
    """As `locked`, while it is being answered. Raises ResponseClosed."""
    held = locked(response)
    if held.status != Response.Status.STARTED:
        raise ResponseClosed(held.status)
    return held
