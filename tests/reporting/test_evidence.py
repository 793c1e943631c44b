"""Exporting a period of the trail from its page, and verifying what came out as a stranger would."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from audit.checkpoints import trust
from audit.models import AuditEvent
from reporting import evidence
from tenants.models import Tenant, User
from tests.audit.conftest import Sealer, happen, sealer
from tests.conftest import SignIn

__all__ = ["sealer"]
PERIOD = {"since": "2026-11-20", "until": "2027-12-31"}


@pytest.fixture
def sealed(tenant: Tenant, sealer: Sealer, tmp_path: Path, settings: Any) -> Tenant:
    """A trail with a few acts under a signature that the web trusts."""
    settings.AUDIT_TRUSTED_KEYS_FILE = str(tmp_path / "trusted")
    trust(tmp_path / "trusted", sealer.key.public_key())
    happen(tenant, 3)
    sealer.seal()
    return tenant


def test_what_the_page_gives_verifies_on_its_own(
    sealed: Tenant, auditor: User, staff_client: SignIn, tmp_path: Path
) -> None:
    """A8: another directory, an isolated interpreter, nothing of ours but what is in the package."""
    response = staff_client(auditor).post(reverse("audit-export"), PERIOD)
    assert response.headers["Content-Type"] == "application/zip"
    assert 'filename="audit-asanagi-20261120-20271231.zip"' in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as package:
        package.extractall(tmp_path / "package")
    verified = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=tmp_path / "package", capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with transaction.atomic():
        exports = AuditEvent.objects.filter(event="auditcheckpoint.exported", actor_id=str(auditor.pk))
    assert exports is not None


def test_an_altered_package_does_not(sealed: Tenant, auditor: User, staff_client: SignIn, tmp_path: Path) -> None:
    """Positive control."""
    response = staff_client(auditor).post(reverse("audit-export"), PERIOD)
    with zipfile.ZipFile(io.BytesIO(response.content)) as package:
        package.extractall(tmp_path / "package")
    events = tmp_path / "package" / "events.jsonl"
    events.write_text(events.read_text().replace("tenant.examined", "tenant.forgiven", 1))
    verified = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=tmp_path / "package", capture_output=True, text=True, check=False
    )
    assert verified.returncode != 0


def test_only_whoever_may_exports(sealed: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    assert client.get(reverse("audit-export")).status_code == 403
    assert client.post(reverse("audit-export"), PERIOD).status_code == 403


def test_impossible_periods_are_explained(
    sealed: Tenant, auditor: User, staff_client: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = staff_client(auditor)
    for period in ({}, {"since": "2026-11-30", "until": "2026-11-01"}, {"since": "x", "until": "2026-02-30"}):
        assert client.post(reverse("audit-export"), period).status_code == 422
    monkeypatch.setattr(evidence, "MOST", 1)
    assert client.post(reverse("audit-export"), PERIOD).status_code == 422


def test_before_anything_is_sealed_it_says_so(tenant: Tenant, auditor: User, staff_client: SignIn) -> None:
    happen(tenant)
    assert staff_client(auditor).post(reverse("audit-export"), PERIOD).status_code == 422
