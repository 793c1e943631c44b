"""Books from a folder: whole ones once, others never, each trouble told once; and what is taken in without a person."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import transaction
from pytest_django import Settings

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import Customer, CustomerImport
from customers.services import discard_import, run_import
from integrations.pickups.deciding import watch_for_missing
from integrations.pickups.folders import open_folder
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.places import FileVanished, PlaceFailed
from integrations.pickups.running import Look, look_at_due
from integrations.pickups.services import PickupRefused, approve_source, resume_source, save_source, version_of
from integrations.pickups.telling import tell_officers
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM
from tests.integrations.picking import (
    A_LITTLE,
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
    values,
)
from uploads.spooling import SealedSpool


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The bank's folder, below the operator's."""
    settings.PICKUP_ROOT = str(tmp_path)
    place = tmp_path / "asanagi" / "cif"
    place.mkdir(parents=True)
    return place


def test_a_book_waits_until_it_is_whole_and_then_for_a_person(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator)
    bring(folder, "CIF_1.csv", people(2)[:100])
    look(NOW)
    assert (journal(), imports()) == ([("CIF_1.csv", "SEEN")], [])
    bring(folder, "CIF_1.csv", people(2))  # it grew: the minute begins anew
    look_at_due(actor=SYSTEM, now=LATER)
    assert imports() == []
    look_at_due(actor=SYSTEM, now=LATER + A_LITTLE)
    assert (journal(), imports()) == ([("CIF_1.csv", "TAKEN")], ["DRAFT"])
    tried(LATER)
    assert imports() == ["DRAFT"], "nobody has said what the columns are"
    with transaction.atomic():
        assert not Customer.objects.exists()


def test_with_a_marker_a_file_is_taken_at_once_and_not_without(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator, marker=".done")
    bring(folder, "CIF_1.csv", people(1))
    look(NOW)
    look(NOW + timedelta(hours=1))
    assert journal() == [("CIF_1.csv", "SEEN")]
    bring(folder, "CIF_1.csv.done", b"")
    look(NOW + timedelta(hours=2))
    assert journal() == [("CIF_1.csv", "TAKEN")]


def test_the_same_content_comes_in_once_whatever_its_name_and_another_under_the_same_name_again(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator)
    set_up(administrator, name="again")  # the same folder, by another source
    bring(folder, "CIF_1.csv", people(1))
    assert sorted(status for _, status in looked_twice()) == ["KNOWN", "TAKEN"]
    bring(folder, "CIF_2.csv", people(1))
    assert sorted(status for _, status in looked_twice(NOW + timedelta(hours=1)))[:3] == ["KNOWN"] * 3
    assert imports() == ["DRAFT"]
    bring(folder, "CIF_1.csv", people(2), at=NOW + timedelta(days=1))
    looked_twice(NOW + timedelta(days=1))
    assert imports() == ["DRAFT", "DRAFT"]
    looked_twice(NOW + timedelta(days=2))
    assert imports() == ["DRAFT", "DRAFT"], "what lies there for days is taken once"


def test_what_was_thrown_away_comes_in_when_it_is_brought_again(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator)
    bring(folder, "CIF_1.csv", people(1))
    looked_twice()
    with transaction.atomic():
        made = CustomerImport.objects.get()
    discard_import(customer_import=made, actor=SYSTEM, now=LATER)
    looked_twice(NOW + timedelta(hours=1))
    assert imports() == ["DISCARDED"]
    bring(folder, "CIF_2.csv", people(1))
    looked_twice(NOW + timedelta(hours=2))
    assert imports() == ["DISCARDED", "DRAFT"]


def test_links_pipes_and_other_tenants_files_are_never_read(
    in_tenant: Tenant, administrator: User, folder: Path, tmp_path: Path
) -> None:
    set_up(administrator)
    secret = bring(tmp_path / "komorebi", "CIF_9.csv", people(3))
    (folder / "CIF_1.csv").symlink_to(secret)
    os.mkfifo(folder / "CIF_2.csv")
    (folder / "CIF_3.csv").mkdir()
    assert looked_twice() == []
    bring(folder, "CIF_4.csv", people(1))  # the control: a plain file beside them is
    assert looked_twice(NOW + timedelta(hours=1)) == [("CIF_4.csv", "TAKEN")]


def test_a_folder_reached_through_a_link_is_refused_and_the_same_folder_itself_is_not(
    in_tenant: Tenant, administrator: User, folder: Path, tmp_path: Path
) -> None:
    """Whoever may write into one bank's folder would read another's."""
    bring(tmp_path / "komorebi" / "cif", "CIF_1.csv", people(1))
    folder.rmdir()
    folder.symlink_to(tmp_path / "komorebi" / "cif")
    source = set_up(administrator)
    looked_twice()
    assert (journal(), fresh(source).failure_code) == ([], "no_folder")
    assert list(folder.iterdir()), "control: the link leads there"
    with open_folder(str(tmp_path), "komorebi", "cif") as place:
        assert [entry.name for entry in place.entries()] == ["CIF_1.csv"]


def test_a_link_put_in_a_files_place_after_the_listing_is_not_followed(tmp_path: Path) -> None:
    place = tmp_path / "asanagi"
    file = bring(place, "CIF_1.csv", b"mine")
    secret = bring(tmp_path / "komorebi", "secret", b"yours")
    with open_folder(str(tmp_path), "asanagi", "") as opened:
        [entry] = opened.entries()
        file.unlink()
        file.symlink_to(secret)
        with pytest.raises(PlaceFailed) as refused:
            list(opened.read(entry))
        assert refused.value.code == "link"
        assert file.read_bytes() == b"yours", "control"


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    file = bring(tmp_path / "asanagi", "CIF_1.csv", b"a" * 3_000_000)
    with open_folder(str(tmp_path), "asanagi", "") as opened:
        [entry] = opened.entries()
        pieces = opened.read(entry)
        next(pieces)
        file.write_bytes(b"b" * 3_000_000)
        with pytest.raises(FileVanished):
            list(pieces)


def test_a_file_that_goes_before_it_is_whole_is_remembered_as_gone(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator)
    file = bring(folder, "CIF_1.csv", people(1))
    look(NOW)
    file.unlink()
    look(LATER)
    assert journal() == [("CIF_1.csv", "GONE")]
    bring(folder, "CIF_1.csv", people(1))
    looked_twice(NOW + timedelta(hours=1))
    assert journal() == [("CIF_1.csv", "GONE"), ("CIF_1.csv", "TAKEN")]


def test_a_file_that_is_no_book_is_refused_once_with_its_reason(
    in_tenant: Tenant, administrator: User, folder: Path, settings: Settings
) -> None:
    settings.PICKUP_MAX_BYTES = 1_000_000
    set_up(administrator)
    bring(folder, "CIF_1.csv", b"MZ\0\0")
    bring(folder, "CIF_2.csv", b"")
    bring(folder, "CIF_3.csv", b"x" * 1_000_001)
    looked_twice()
    looked_twice(NOW + timedelta(hours=1))
    assert journal() == [("CIF_1.csv", "REFUSED"), ("CIF_2.csv", "REFUSED"), ("CIF_3.csv", "REFUSED")]
    with transaction.atomic():
        assert {file.code for file in PickedFile.objects.all()} >= {"empty", "too_large"}


def test_fetched_files_are_moved_into_the_archive_with_their_markers_and_replace_nothing(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator, afterwards="ARCHIVE", marker=".done")
    for day in (0, 1):
        bring(folder, "CIF_1.csv", people(day + 1), at=NOW + timedelta(days=day))
        bring(folder, "CIF_1.csv.done", b"")
        look(NOW + timedelta(days=day))
    kept = sorted(path.name.split("-", 3)[3] for path in (folder / "archive").iterdir())
    assert kept == ["CIF_1.csv", "CIF_1.csv", "CIF_1.csv.done", "CIF_1.csv.done"]
    assert [path.name for path in folder.iterdir()] == ["archive"]
    assert imports() == ["DRAFT", "DRAFT"]


def test_a_place_that_fails_is_tried_again_and_told_once(
    in_tenant: Tenant, administrator: User, officer: User, folder: Path
) -> None:
    source = set_up(administrator)
    folder.rename(folder.with_name("elsewhere"))
    now = NOW
    for _ in range(4):
        look_at_due(actor=SYSTEM, now=now)
        tell_officers(now=now)
        now = fresh(source).next_look_at
    assert (fresh(source).failure_code, fresh(source).failures) == ("no_folder", 4)
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([administrator.email, officer.email])
    assert "CIF" in mail.outbox[0].body
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="pickupsource.failed").count() == 1
    folder.mkdir()
    look_at_due(actor=SYSTEM, now=now)
    tell_officers(now=now)
    assert (fresh(source).failure_code, fresh(source).told, len(mail.outbox)) == ("", "", 2)


def test_a_full_disk_leaves_nothing_behind_and_the_next_look_takes_the_file(
    in_tenant: Tenant, administrator: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = set_up(administrator)
    bring(folder, "CIF_1.csv", people(1))
    look(NOW)

    def full(self: SealedSpool, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(SealedSpool, "append", full)
        look(LATER)
    assert (fresh(source).failure_code, journal(), imports()) == ("disk_full", [("CIF_1.csv", "SEEN")], [])
    look(LATER + timedelta(minutes=5))
    assert (fresh(source).failure_code, imports()) == ("", ["DRAFT"])


def test_a_worker_that_died_is_followed_by_another_after_its_lease(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    source = set_up(administrator, marker=".done")
    bring(folder, "CIF_1.csv", people(1))
    bring(folder, "CIF_1.csv.done", b"")
    with transaction.atomic():
        PickupSource.objects.update(next_look_at=NOW, lease_until=NOW + timedelta(minutes=5))
    assert look_at_due(actor=SYSTEM, now=NOW) == 0
    assert look_at_due(actor=SYSTEM, now=NOW + timedelta(minutes=6)) == 1
    assert (journal(), fresh(source).lease_until) == ([("CIF_1.csv", "TAKEN")], None)


def test_a_large_file_keeps_the_place_for_as_long_as_it_may_take_to_be_stored(
    in_tenant: Tenant, administrator: User
) -> None:
    """It is stored in one transaction, in which nothing can be renewed; 5 GB took longer than the usual lease."""
    source = set_up(administrator)
    held = NOW + timedelta(minutes=5)
    with transaction.atomic():
        PickupSource.objects.update(lease_until=held)
    look = Look(fresh(source), SYSTEM, NOW)
    look.keep(storing=1_000)
    assert fresh(source).lease_until == held, "nothing is written for a small one"
    look.keep(storing=5 * 1024**3)
    kept = fresh(source).lease_until
    assert kept is not None
    assert timedelta(minutes=85) < kept - NOW < timedelta(minutes=100)
    assert kept == look.held_until


def automatic(administrator: User, approver: User, officer: User, folder: Path, count: int) -> PickupSource:
    """A source whose files are taken in by themselves, with a book of so many already taken in by hand."""
    source = set_up(administrator, marker=".done", takes_in=True)
    approve_source(source=source, seen=version_of(source), actor=Actor.user(approver.pk), now=NOW)
    deliver(folder, "CIF_1.csv", people(count))
    look(NOW)
    teach(officer)
    tried(NOW)
    return source


def deliver(folder: Path, name: str, content: bytes) -> None:
    bring(folder, name, content)
    bring(folder, f"{name}.done", b"")


def test_below_the_limits_a_file_is_taken_in_without_a_person_and_above_it_is_held(
    in_tenant: Tenant, administrator: User, approver: User, officer: User, folder: Path
) -> None:
    automatic(administrator, approver, officer, folder, 10)
    assert journal() == [("CIF_1.csv", "HELD")], "the first one, whose columns nobody had confirmed"
    deliver(folder, "CIF_2.csv", people(11))
    later = NOW + timedelta(hours=1)
    look(later)
    tried(later)
    assert (journal()[1], imports()[1]) == (("CIF_2.csv", "COMMITTED"), "COMMITTED")
    with transaction.atomic():
        taken = CustomerImport.objects.get(status="COMMITTED")
    run_import(import_id=taken.pk, actor=SYSTEM, now=later)
    with transaction.atomic():
        assert Customer.objects.count() == 11
    deliver(folder, "CIF_3.csv", people(11, name="髙﨑　次郎"))
    look(later + timedelta(hours=1))
    tried(later + timedelta(hours=1))
    with transaction.atomic():
        held = PickedFile.objects.get(status="HELD", code="too_many_changed")
        assert held.customer_import.status == "CHECKED", "it waits with its trial"
        assert not Customer.objects.filter(name_index=None).exists()


def test_a_change_of_the_settings_ends_the_approval_also_for_a_file_under_way(
    in_tenant: Tenant, administrator: User, approver: User, officer: User, folder: Path
) -> None:
    source = automatic(administrator, approver, officer, folder, 10)
    deliver(folder, "CIF_2.csv", people(11))
    look(NOW + timedelta(hours=1))
    changed = values(marker=".done", takes_in=True, max_changed=100)
    save_source(source=fresh(source), values=changed, actor=Actor.user(administrator.pk), now=NOW + timedelta(hours=2))
    assert not fresh(source).is_automatic
    tried(NOW + timedelta(hours=3))
    with transaction.atomic():
        assert PickedFile.objects.order_by("-id")[0].code == "not_approved"


def test_nobody_approves_what_they_set_up_or_what_they_have_not_seen(
    in_tenant: Tenant, administrator: User, approver: User, officer: User
) -> None:
    source = set_up(administrator, takes_in=True)
    seen = version_of(fresh(source))
    for actor, version in ((administrator, seen), (officer, seen), (approver, "2026")):
        with pytest.raises(PickupRefused):
            approve_source(source=source, seen=version, actor=Actor.user(actor.pk), now=NOW)
    with pytest.raises(PickupRefused):
        set_up(officer, name="mine")
    approve_source(source=source, seen=seen, actor=Actor.user(approver.pk), now=NOW)
    assert fresh(source).is_automatic


def test_a_file_that_does_not_come_by_its_hour_is_missed_once_and_forgiven_when_it_comes(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    source = set_up(administrator, marker=".done", expected_by=time(7))
    seven = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # of the 25th in Tokyo
    assert watch_for_missing(actor=SYSTEM, now=NOW) == 0, "it was set up after today's hour"
    assert watch_for_missing(actor=SYSTEM, now=seven - timedelta(seconds=1)) == 0
    assert watch_for_missing(actor=SYSTEM, now=seven) == 1
    assert watch_for_missing(actor=SYSTEM, now=seven + timedelta(minutes=1)) == 0
    assert fresh(source).missing_since == seven
    tell_officers(now=seven)
    tell_officers(now=seven)
    assert [letter.to for letter in mail.outbox] == [[administrator.email]]
    deliver(folder, "CIF_1.csv", people(1))
    look(seven + timedelta(hours=1))
    assert fresh(source).missing_since is None
    assert watch_for_missing(actor=SYSTEM, now=seven + timedelta(days=1)) == 0, "it came in time for the next"
    assert watch_for_missing(actor=SYSTEM, now=seven + timedelta(days=2)) == 1


def test_a_paused_source_is_left_alone(in_tenant: Tenant, administrator: User, folder: Path) -> None:
    source = set_up(administrator, marker=".done", expected_by=time(7))
    with transaction.atomic():
        PickupSource.objects.update(status="PAUSED")
    deliver(folder, "CIF_1.csv", people(1))
    look(NOW)
    assert watch_for_missing(actor=SYSTEM, now=NOW + timedelta(days=1)) == 0
    assert journal() == []
    resume_source(source=fresh(source), actor=Actor.user(administrator.pk), now=NOW)
    look(NOW)
    assert journal() == [("CIF_1.csv", "TAKEN")]


def test_names_of_files_stand_neither_in_the_trail_nor_in_clear(
    in_tenant: Tenant, administrator: User, folder: Path
) -> None:
    set_up(administrator, pattern="*", marker=".done")
    deliver(folder, "山田太郎.csv", people(1))
    look(NOW)
    with transaction.atomic():
        assert "山田" not in "".join(str(event.payload) for event in AuditEvent.objects.all())
