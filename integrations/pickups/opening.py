"""Which place a source is, opened for one look."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings

from integrations.pickups.folders import open_folder
from integrations.pickups.models import PickupSource
from integrations.pickups.places import Place
from integrations.pickups.sftp import Server, open_sftp
from tenants.models import tenant_in_scope


def place_of(source: PickupSource) -> AbstractContextManager[Place]:
    """The place, to be entered when no transaction is open; what it needs to know is read now."""
    found: AbstractContextManager[Any]
    if source.kind == PickupSource.Kind.FOLDER:
        found = open_folder(settings.PICKUP_ROOT, tenant_in_scope().slug, source.folder)
    else:
        server = Server(
            host=source.host,
            port=source.port,
            username=source.username,
            host_key=source.host_key,
            private_key=source.private_key or "",
            folder=source.folder,
        )
        found = open_sftp(server)
    return found
