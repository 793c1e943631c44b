"""The demonstration's banks: made once, refused in production, and alive with a book."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from campaigns.models import Campaign, PeriodicReview
from cdd.demo import seeding
from cdd.demo.banks import BANKS, STAFF
from channels.models import ProviderAccount
from customers.models import Customer
from risk.models import RiskPolicy
from tenants.domains.models import TenantDomain
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(db_clean: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a demonstration would run, with a sandbox that nobody calls."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # two dozen accounts, no secrets
    settings.SANDBOX_URL, settings.SANDBOX_SMTP = "http://127.0.0.1:9", "127.0.0.1:9"
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    return tmp_path


def rows_of(slug: str) -> dict[str, int]:
    with tenant_scope(Tenant.objects.get(slug=slug).pk):
        models = (Membership, ProviderAccount, RiskPolicy, Customer, Campaign, TenantDomain)
        return {model.__name__: model.objects.count() for model in models}


def test_seeding_twice_leaves_what_seeding_once_made(demo: Path) -> None:
    seeding.seed_all(with_books=False, now=NOW)
    once = {bank.slug: rows_of(bank.slug) for bank in BANKS}
    assert once["asanagi"] == {
        "Membership": 9,
        "ProviderAccount": 4,
        "RiskPolicy": 1,
        "Customer": 0,
        "Campaign": 0,
        "TenantDomain": 1,
    }
    seeding.seed_all(with_books=False, now=NOW)
    assert {bank.slug: rows_of(bank.slug) for bank in BANKS} == once
    assert User.objects.count() == len(BANKS) * len(STAFF)


def test_the_password_is_made_once_and_kept_private(demo: Path) -> None:
    seeding.seed_all(with_books=False, now=NOW)
    file = demo / "demo-password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().strip()) >= 12
    assert User.objects.get(email="officer@komorebi.example").check_password(file.read_text().strip())


def test_the_password_follows_the_environment(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeding.seed_all(with_books=False, now=NOW)
    monkeypatch.setenv("DEMO_PASSWORD", "another good password")
    seeding.seed_all(with_books=False, now=NOW)
    assert User.objects.get(email="auditor@asanagi.example").check_password("another good password")
    assert not (demo / "demo-password").read_text().startswith("another")


def test_production_is_refused(demo: Path, settings: Any) -> None:
    settings.IS_PRODUCTION = True
    for command in ("seed_demo", "story_check"):
        with pytest.raises(CommandError, match="production"):
            call_command(command)
    assert not Tenant.objects.exists()


def test_a_bank_with_its_book_has_a_running_campaign(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "INDIVIDUALS", 180)
    monkeypatch.setattr(seeding, "COMPANIES", 20)
    counts = seeding.seed_all(with_books=True, now=NOW)
    assert counts == {"asanagi": 200, "komorebi": 200}
    assert sorted(path.name for path in (demo / "books").iterdir()) == ["asanagi.csv", "komorebi.csv"]
    assert seeding.seed_all(with_books=True, now=NOW) == counts
    with tenant_scope(Tenant.objects.get(slug="asanagi").pk):
        campaign = Campaign.objects.get()
        assert campaign.status == Campaign.Status.RUNNING
        assert campaign.counts["population"] == 200
        assert PeriodicReview.objects.filter(campaign=campaign).count() == campaign.counts["due"] > 0
    with transaction.atomic():
        assert Tenant.objects.count() == 2
