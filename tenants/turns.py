"""Taking turns: what counts rows or numbers versions of a tenant is done by one after the other."""

from __future__ import annotations

from django.db import connection

from tenants.scoping import required_tenant_id


def take_turn(kind: int) -> None:
    """Wait until nobody else of the tenant in scope has the turn, and keep it until the transaction ends.

    ``kind``: PostgreSQL's advisory lock class, one for each thing that is done in turns.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, required_tenant_id()])
