"""A sealer of one's own: a key, the keys that are trusted, and a directory outside the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints import CheckpointDirectory
from audit.sealing import Sealed
from audit.sealing import Sealer as Process
from audit.services import record
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM


@dataclass
class Sealer:
    """What the process `seal_audit` has."""

    key: Ed25519PrivateKey
    store: CheckpointDirectory

    def seal(self, now: datetime | None = None) -> Sealed:
        """One pass; by the real clock, as the database writes the times of events."""
        return Process(key=self.key, store=self.store).seal(now=now or datetime.now(UTC))


@pytest.fixture
def sealer(db_clean: None, tmp_path: Path) -> Sealer:
    """Nothing sealed yet."""
    return Sealer(Ed25519PrivateKey.generate(), CheckpointDirectory(tmp_path / "checkpoints"))


def happen(tenant: Tenant, times: int = 1, event: str = "tenant.examined", **data: object) -> None:
    """Events, each in a transaction of its own."""
    for _ in range(times):
        with tenant_scope(tenant.pk):
            record(event, target=tenant, actor=SYSTEM, at=NOW, **data)
