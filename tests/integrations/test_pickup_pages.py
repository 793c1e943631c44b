"""The pages of pick-ups: set up by an administrator, approved by another, looked at by whoever imports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from audit.services import Actor
from integrations.pickups.models import PickupSource
from integrations.pickups.running import look_at_due
from tenants.models import Tenant, User
from tests.conftest import SYSTEM
from tests.integrations.picking import bring, fresh, people, set_up

type Browse = Callable[[User], Client]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
NEW = "import-pickup-new"


def posted(**more: Any) -> dict[str, Any]:
    return {
        "name": "日次の顧客ファイル", "kind": "FOLDER", "folder": "cif", "port": "22", "pattern": "CIF_*.csv",
        "marker": ".done", "layout": "", "afterwards": "LEAVE", "schedule": "times", "times": "6:00、18:30",
        "every_minutes": "15", "expected_by": "07:00", "expected_days": "WORKING_DAYS", "takes_in": "",
        "max_changed": "10", "max_rejected": "1", **more,
    }  # fmt: skip


@transaction.atomic
def only() -> PickupSource:
    found: PickupSource = PickupSource.objects.get()
    return found


def test_the_whole_way_by_three_people(
    in_tenant: Tenant,
    staff_client: Browse,
    administrator: User,
    officer: User,
    approver: User,
    tmp_path: Path,
    settings: Settings,
) -> None:
    settings.PICKUP_ROOT = str(tmp_path)
    admin, user, checker = staff_client(administrator), staff_client(officer), staff_client(approver)
    page = admin.post(reverse(NEW), posted(takes_in="1"), follow=True)
    source = only()
    assert (source.times, source.every_minutes, source.expected_by) == (["06:00", "18:30"], None, time(7))
    assert f"{tmp_path}/asanagi/cif" in page.content.decode()
    approve = reverse("import-pickup-approve", args=[source.pk])
    assert approve not in page.content.decode(), "not by who set it up"
    shown = checker.get(reverse("import-pickup", args=[source.pk]))
    assert approve in shown.content.decode()
    assert admin.post(approve, {"seen": shown.context["version"]}).status_code == 422
    assert user.post(approve, {"seen": shown.context["version"]}).status_code == 403
    assert checker.post(approve, {"seen": shown.context["version"]}).status_code == 302
    assert fresh(source).is_automatic
    bring(tmp_path / "asanagi" / "cif", "CIF_1.csv", people(2))
    bring(tmp_path / "asanagi" / "cif", "CIF_1.csv.done", b"")
    assert user.post(reverse("import-pickup-look", args=[source.pk])).status_code == 302
    look_at_due(actor=SYSTEM, now=timezone.now())
    page = user.get(reverse("import-pickup", args=[source.pk]))
    assert "CIF_1.csv" in page.content.decode()
    assert reverse("import-pickup", args=[source.pk]) in user.get(reverse("import-pickups")).content.decode()
    assert admin.post(reverse("import-pickup-pause", args=[source.pk])).status_code == 302
    assert user.post(reverse("import-pickup-look", args=[source.pk])).status_code == 422
    assert admin.post(reverse("import-pickup-resume", args=[source.pk])).status_code == 302
    assert fresh(source).status == "ACTIVE"


def test_our_key_is_made_here_and_only_its_public_half_is_shown(
    in_tenant: Tenant, staff_client: Browse, administrator: User
) -> None:
    admin = staff_client(administrator)
    server = posted(kind="SFTP", host="sftp.bank.example", username="cif", host_key=f"sftp.bank.example {KEY} x")
    page = admin.post(reverse(NEW), server, follow=True).content.decode()
    source = only()
    assert source.host_key == KEY
    with transaction.atomic():
        private, public = source.private_key or "", source.public_key
    assert "OPENSSH PRIVATE KEY" in private
    assert public in page
    assert private.splitlines()[1] not in page
    assert admin.post(reverse("import-pickup-key", args=[source.pk])).status_code == 302
    assert only().public_key != public


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("folder", {"folder": "../komorebi"}),
        ("folder", {"folder": "/etc"}),
        ("pattern", {"pattern": "../*.csv"}),
        ("marker", {"marker": "done"}),
        ("times", {"times": "25:00"}),
        ("port", {"port": "25"}),
        ("host_key", {"kind": "SFTP", "host": "a.example", "username": "cif", "host_key": "SHA256:abc"}),
        ("host", {"kind": "SFTP", "username": "cif", "host_key": KEY}),
        ("username", {"kind": "SFTP", "host": "a.example", "host_key": KEY}),
        ("max_changed", {"max_changed": "101"}),
        ("layout", {"layout": "01930000-0000-7000-8000-000000000000"}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    in_tenant: Tenant, staff_client: Browse, administrator: User, field: str, given: dict[str, str]
) -> None:
    answer = staff_client(administrator).post(reverse(NEW), posted(**given))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_name_is_given_once(in_tenant: Tenant, staff_client: Browse, administrator: User) -> None:
    admin = staff_client(administrator)
    assert admin.post(reverse(NEW), posted()).status_code == 302
    assert admin.post(reverse(NEW), posted()).status_code == 422


def test_a_trouble_stands_on_the_home_page_and_on_its_own_with_what_to_do(
    in_tenant: Tenant, staff_client: Browse, administrator: User, officer: User
) -> None:
    source = set_up(administrator, now=timezone.now())
    look_at_due(actor=Actor.system("pickups"), now=timezone.now() + timedelta(seconds=1))
    user = staff_client(officer)
    assert reverse("import-pickups") in user.get(reverse("home")).content.decode()
    with override("en"):
        page = user.get(reverse("import-pickup", args=[source.pk]), headers={"Accept-Language": "en"})
    assert page.context["trouble"]
    assert "notice--danger" in page.content.decode()
