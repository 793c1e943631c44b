"""A file that is dealt with is fetched once more, if somebody who may import says why; and files that come monthly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from audit.models import AuditEvent
from audit.services import Actor
from channels.models import SendingRules
from customers.services import undo_import
from integrations.pickups.deciding import watch_for_missing
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.rules import JAPAN
from integrations.pickups.services import PickupRefused, approve_source, pause_source, take_again, version_of
from integrations.pickups.wording import expected_days
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM
from tests.customers.test_rows_of_accounts import ended
from tests.integrations.picking import (
    LATER,
    bring,
    fresh,
    imports,
    journal,
    look,
    looked_twice,
    people,
    set_up,
    teach,
    tried,
)
from tests.integrations.test_pickup_pages import posted

type Browse = Callable[[User], Client]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.PICKUP_ROOT = str(tmp_path)
    place = tmp_path / "asanagi" / "cif"
    place.mkdir(parents=True)
    return place


@transaction.atomic
def newest() -> PickedFile:
    found: PickedFile = PickedFile.objects.select_related("customer_import").order_by("-id")[0]
    return found


def test_a_known_file_is_fetched_again_for_a_reason_and_waits_for_a_person(
    in_tenant: Tenant, administrator: User, officer: User, approver: User, folder: Path
) -> None:
    """Also where files are taken in by themselves."""
    source = set_up(administrator, takes_in=True, max_changed=100)
    approve_source(source=source, seen=version_of(source), actor=Actor.user(approver.pk), now=NOW)
    bring(folder, "CIF_1.csv", people(2))
    looked_twice()
    teach(officer, LATER)
    look(NOW + timedelta(hours=1))
    assert journal() == [("CIF_1.csv", "TAKEN")], "what lies there is known"
    again_at = NOW + timedelta(hours=2)
    take_again(file=newest(), reason="SAYS_AGAIN", actor=Actor.user(officer.pk), now=again_at)
    assert looked_twice(again_at) == [("CIF_1.csv", "TAKEN"), ("CIF_1.csv", "TAKEN")]
    tried(again_at + timedelta(minutes=5))
    assert imports() == ["COMPLETED", "CHECKED"]
    assert (newest().status, newest().again_reason, newest().asked_by) == ("TAKEN", "SAYS_AGAIN", officer.pk)
    with transaction.atomic():
        asked = AuditEvent.objects.get(event="pickedfile.again")
        assert (asked.actor_id, asked.data) == (str(officer.pk), {"reason": "SAYS_AGAIN"})
    look(NOW + timedelta(hours=3))
    assert len(journal()) == 2, "once, not at every look from then on"


def test_an_import_that_was_undone_is_brought_back_by_its_file(
    in_tenant: Tenant, administrator: User, officer: User, folder: Path
) -> None:
    set_up(administrator)
    bring(folder, "CIF_1.csv", people(1))
    looked_twice()
    teach(officer, LATER)
    done = newest().customer_import
    assert done is not None
    undo_import(customer_import=done, actor=Actor.user(officer.pk), now=LATER)
    ended(done, LATER)
    looked_twice(NOW + timedelta(hours=1))
    assert imports() == ["UNDONE"], "control: nothing comes by itself"
    take_again(file=newest(), reason="THROWN_AWAY", actor=Actor.user(officer.pk), now=NOW + timedelta(hours=2))
    looked_twice(NOW + timedelta(hours=2))
    assert imports() == ["UNDONE", "CHECKING"]


def test_what_cannot_be_taken_again_is_refused_with_what_to_do(
    in_tenant: Tenant, administrator: User, officer: User, approver: User, folder: Path
) -> None:
    source = set_up(administrator, afterwards="ARCHIVE")
    bring(folder, "CIF_1.csv", people(1))
    looked_twice()
    first, actor = newest(), Actor.user(officer.pk)
    with translation.override("en"):
        with pytest.raises(PickupRefused, match="waits to be decided"):
            take_again(file=first, reason="REPAIRED", actor=actor, now=LATER)
        teach(officer, LATER)
        with pytest.raises(PickupRefused, match="archive"):
            take_again(file=first, reason="REPAIRED", actor=actor, now=LATER)
        with transaction.atomic():
            PickedFile.objects.update(is_archived=False)
        with pytest.raises(PickupRefused, match="role"):
            take_again(file=first, reason="REPAIRED", actor=Actor.user(approver.pk), now=LATER)
        pause_source(source=source, actor=Actor.user(administrator.pk), now=LATER)
        with pytest.raises(PickupRefused, match="paused"):
            take_again(file=first, reason="REPAIRED", actor=actor, now=LATER)
    assert len(journal()) == 1


def test_a_file_that_is_gone_by_then_is_said_to_be_gone(
    in_tenant: Tenant, administrator: User, officer: User, folder: Path
) -> None:
    set_up(administrator)
    lying = bring(folder, "CIF_1.csv", b"no book")
    looked_twice()
    assert journal() == [("CIF_1.csv", "REFUSED")]
    lying.unlink()
    take_again(file=newest(), reason="REPAIRED", actor=Actor.user(officer.pk), now=LATER)
    with translation.override("en"), pytest.raises(PickupRefused, match="found anew"):
        take_again(file=newest(), reason="REPAIRED", actor=Actor.user(officer.pk), now=LATER)
    look(LATER + timedelta(minutes=1))
    assert journal() == [("CIF_1.csv", "REFUSED"), ("CIF_1.csv", "GONE")]


def test_the_page_asks_for_the_reason_and_shows_who_gave_it(
    in_tenant: Tenant, administrator: User, officer: User, approver: User, staff_client: Browse, folder: Path
) -> None:
    source = set_up(administrator)
    bring(folder, "CIF_1.csv", b"no book")
    looked_twice()
    journal_page, page = reverse("import-pickup", args=[source.pk]), reverse("import-pickup-again", args=[newest().pk])
    user, checker = staff_client(officer), staff_client(approver)
    assert page in user.get(journal_page).content.decode()
    assert page not in checker.get(journal_page).content.decode()
    assert checker.post(page, {"reason": "REPAIRED"}).status_code == 403
    assert user.get(page).status_code == 200
    assert user.post(page, {"reason": ""}).status_code == 422
    assert user.post(page, {"reason": "BECAUSE"}).status_code == 422
    assert user.post(page, {"reason": "REPAIRED"}).status_code == 302
    assert user.post(page, {"reason": "REPAIRED"}).status_code == 422, "it is asked for already"
    assert page not in user.get(journal_page).content.decode()
    assert "読み取れなかった原因が解消したため" in user.get(journal_page).content.decode()


def test_a_file_of_the_fifth_banking_day_is_missed_on_that_day_and_no_other(
    in_tenant: Tenant, administrator: User
) -> None:
    """December 2026 with the 4th closed: the fifth banking day is the 8th."""
    with transaction.atomic():
        SendingRules.objects.update_or_create(defaults={"holidays": ["2026-12-04"]})
    source = set_up(administrator, marker=".done", expected_by=time(7), expected_days="MONTHLY", expected_nth=5)
    days = [datetime(2026, 12, day, 7, 1, tzinfo=JAPAN) for day in range(1, 29)]
    missed = [now.day for now in days if watch_for_missing(actor=SYSTEM, now=now)]
    assert missed == [8]
    assert fresh(source).missing_since == datetime(2026, 12, 8, 7, 0, tzinfo=JAPAN)
    with translation.override("en"):
        assert "5" in expected_days(source)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"expected_days": "WEEKDAYS", "expected_weekdays": ["4", "0"], "expected_nth": "5"}, ([0, 4], None)),
        ({"expected_days": "MONTHLY", "expected_weekdays": ["4"], "expected_nth": "0"}, ([], 0)),
        ({"expected_days": "DAILY", "expected_weekdays": ["4"], "expected_nth": "3"}, ([], None)),
        ({"expected_days": "WEEKDAYS"}, None),
        ({"expected_days": "MONTHLY", "expected_nth": ""}, None),
        ({"expected_days": "MONTHLY", "expected_nth": "22"}, None),
    ],
    ids=["weekdays", "last banking day", "daily", "no weekday", "no day of the month", "too late a day"],
)
def test_an_administrator_says_on_which_days_a_file_comes(
    in_tenant: Tenant,
    administrator: User,
    staff_client: Browse,
    folder: Path,
    given: dict[str, object],
    kept: tuple[list[int], int | None] | None,
) -> None:
    user = staff_client(administrator)
    response = user.post(reverse("import-pickup-new"), posted(**given))
    assert response.status_code == (422 if kept is None else 302)
    if kept is not None:
        source = fresh(newest_source())
        assert (source.expected_weekdays, source.expected_nth) == kept
        edit = user.get(reverse("import-pickup-edit", args=[source.pk])).context["form"]
        assert edit.initial["expected_days"] == given["expected_days"]


@transaction.atomic
def newest_source() -> PickupSource:
    found: PickupSource = PickupSource.objects.get()
    return found
