"""A3: whoever owns the database changes the trail as they like; the verifier names the first entry that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections

from audit import entries
from audit.lines import FIELDS
from audit.verifying import tenants_with_trail, verify
from tenants.models import Tenant
from tests.audit.conftest import Sealer, happen
from tests.audit.trails import COPIES, Trail

TODAY = datetime.now(UTC)


@pytest.fixture
def trail(tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection) -> Trail:
    """Sealed and sound."""
    # How many rows the making of a bank leaves is not the matter here.
    superuser.execute("DELETE FROM audit_auditevent")
    for days, times in ((2, 5), (1, 4), (0, 4)):
        happen(tenant, times)
        sealer.seal(TODAY - timedelta(days=days))
    trail = Trail(tenant.pk, sealer, superuser)
    verdict = trail.verdict()
    assert (verdict.bad, verdict.size, verdict.verified, verdict.checkpoints) == (None, 13, 13, 3)
    return trail


def test_a_sound_trail_is_sound_and_what_waits_is_counted(trail: Trail, tenant: Tenant) -> None:
    happen(tenant, 2)
    verdict = trail.verdict()
    assert (verdict.bad, verdict.waiting) == (None, 2)
    trail.sealer.seal()
    verdict = trail.verdict()
    assert (verdict.bad, verdict.size, verdict.waiting) == (None, 15, 0)


@pytest.mark.parametrize("harm", ["forged", "gone", "unlisted"])
@pytest.mark.parametrize("position", range(13))
def test_the_first_wrong_entry_is_named_wherever_the_pieces_end(
    trail: Trail, monkeypatch: pytest.MonkeyPatch, position: int, harm: str
) -> None:
    """Two chunks of two pieces of four: the first and the last of each, and one that only the next one shows."""
    monkeypatch.setattr(entries, "_CHUNK", 8)
    monkeypatch.setattr(entries, "_PIECE", 4)
    assert trail.verdict().bad is None, "control: sound in any pieces"
    event = trail.event_at(position)
    if harm == "forged":
        trail.do("UPDATE audit_auditevent SET actor_id = '666' WHERE id = %(event)s", event=event)
    elif harm == "gone":
        trail.do("DELETE FROM audit_auditevent WHERE id = %(event)s", event=event)
    else:
        trail.do("DELETE FROM audit_leaf WHERE tenant_id = %(tenant)s AND position = %(at)s", at=position)
    assert trail.found()[0] == position


@pytest.mark.parametrize("gap", [range(4, 8), range(2, 10), range(8)])
def test_entries_missing_by_the_piece_are_named(trail: Trail, monkeypatch: pytest.MonkeyPatch, gap: range) -> None:
    monkeypatch.setattr(entries, "_CHUNK", 4)
    monkeypatch.setattr(entries, "_PIECE", 2)
    for position in gap:
        trail.do("DELETE FROM audit_leaf WHERE tenant_id = %(tenant)s AND position = %(at)s", at=position)
    assert trail.found()[0] == gap.start


HOSTILE = (
    'quo"te',
    "back\\slash",
    "tab\tnewline\ncr\r",
    "".join(map(chr, range(1, 32))),
    "\x7f日本語\u2028\U00029e3d",
    "",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_makes_an_event_another(trail: Trail, text: str) -> None:
    """Whatever way it is read: sealed from COPY, verified in chunks or one by one."""
    event_id = trail.event_at(12)
    trail.do(
        INSERT.format(columns="", values="").replace("payload, tenant_id FROM", "%(text)s, tenant_id FROM"),
        like=event_id,
        text=text,
    )
    trail.sealer.seal()
    verdict = trail.verdict()
    assert (verdict.bad, verdict.size) == (None, 14)
    trail.do("UPDATE audit_auditevent SET payload = payload || ' ' WHERE id = %(id)s", id=trail.event_at(13))
    assert trail.found()[0] == 13


def test_a_null_and_a_forged_separator_do_not_add_up_to_the_same_line(trail: Trail) -> None:
    """The chunk is put together with separators: what stands between them must not be made to look like one."""
    event_id = trail.event_at(6)
    trail.do("ALTER TABLE audit_auditevent ALTER request_id DROP NOT NULL")
    trail.do(
        "UPDATE audit_auditevent SET actor_id = actor_id || E'\\x1f' || request_id, request_id = NULL"
        " WHERE id = %(id)s",
        id=event_id,
    )
    assert trail.found() == (6, event_id, "the event is not what was sealed")
    trail.do("UPDATE audit_auditevent SET request_id = '' WHERE request_id IS NULL")
    trail.do("ALTER TABLE audit_auditevent ALTER request_id SET NOT NULL")


@pytest.mark.parametrize("column", [name for name in FIELDS if name not in ("id", "tenant_id", "txid")])
def test_an_edited_event_is_named_whatever_was_edited(trail: Trail, column: str) -> None:
    """A3: also by a single character, and without the copies outside."""
    event_id = trail.event_at(6)
    change = f"{column} + interval '1 microsecond'" if column in ("at", "recorded_at") else f"'x' || left({column}, 3)"
    trail.do(f"UPDATE audit_auditevent SET {column} = {change} WHERE id = %(id)s", id=event_id)

    assert trail.found() == (6, event_id, "the event is not what was sealed")
    assert trail.found(is_offsite=False)[:2] == (6, event_id)


def test_a_changed_transaction_or_tenant_is_named(trail: Trail, other_tenant: Tenant) -> None:
    """A3: an event moved to another bank is gone from the first and smuggled into the second."""
    event_id = trail.event_at(6)
    trail.do("UPDATE audit_auditevent SET txid = '7' WHERE id = %(id)s", id=event_id)
    assert trail.found()[:2] == (6, event_id)
    trail.do("UPDATE audit_auditevent SET tenant_id = %(other)s WHERE id = %(id)s", id=event_id, other=other_tenant.pk)
    assert trail.found() == (6, event_id, "the event is gone")
    bad = verify(other_tenant.pk, keys=[trail.sealer.key.public_key()], store=None).bad
    assert bad is not None
    assert (bad.event_id, "inserted afterwards" in bad.problem) == (event_id, True)


def test_a_deleted_event_is_named(trail: Trail) -> None:
    """A3."""
    event_id = trail.event_at(6)
    trail.do("DELETE FROM audit_auditevent WHERE id = %(id)s", id=event_id)

    assert trail.found() == (6, event_id, "the event is gone")


def test_an_event_deleted_with_its_leaf_is_named(trail: Trail) -> None:
    """A3."""
    trail.do("DELETE FROM audit_auditevent WHERE id = %(id)s", id=trail.event_at(6))
    trail.do("DELETE FROM audit_leaf WHERE tenant_id = %(tenant)s AND position = 6")

    assert trail.found() == (6, None, "the entry is missing")


def test_a_deletion_that_closes_the_gap_is_named(trail: Trail) -> None:
    """A3: the entries after it moved up, so the tree is another."""
    trail.do("DELETE FROM audit_auditevent WHERE id = %(id)s", id=trail.event_at(6))
    trail.do("DELETE FROM audit_leaf WHERE tenant_id = %(tenant)s AND position = 6")
    for position in range(7, 13):
        trail.do(
            f"UPDATE audit_leaf SET position = {position - 1} WHERE tenant_id = %(tenant)s AND position = {position}"
        )

    first, _, problem = trail.found()
    assert (first, "entries 5 to 8" in problem) == (5, True)


def test_exchanged_events_are_named(trail: Trail) -> None:
    """A3: by content, and by place."""
    one, two = trail.event_at(6), trail.event_at(7)
    exchange = (
        "UPDATE {0} SET {1} = CASE {1} WHEN %(one)s THEN %(two)s ELSE %(one)s END WHERE {1} IN (%(one)s, %(two)s)"
    )
    trail.do("ALTER TABLE audit_auditevent DROP CONSTRAINT audit_auditevent_pkey")
    trail.do(exchange.format("audit_auditevent", "id"), one=one, two=two)
    assert trail.found() == (6, one, "the event is not what was sealed")
    trail.do(exchange.format("audit_auditevent", "id"), one=one, two=two)
    trail.do("ALTER TABLE audit_auditevent ADD CONSTRAINT audit_auditevent_pkey PRIMARY KEY (id)")
    assert trail.verdict().bad is None

    for was, becomes in ((6, 99), (7, 6), (99, 7)):
        trail.do(f"UPDATE audit_leaf SET position = {becomes} WHERE tenant_id = %(tenant)s AND position = {was}")
    place, _, problem = trail.found()
    assert (place, "exchanged" in problem) == (6, True)


INSERT = (
    "INSERT INTO audit_auditevent"
    " ({columns}at, actor_kind, actor_id, event, target_type, target_id, payload, tenant_id)"
    " SELECT {values}at, actor_kind, actor_id, event, target_type, target_id, payload, tenant_id"
    " FROM audit_auditevent WHERE id = %(like)s RETURNING id"
)


def test_an_event_inserted_behind_the_sealers_back_is_named(trail: Trail) -> None:
    """A3: with an old transaction's number it is never sealed; with a new one its date gives it away."""
    old = trail.event_at(2)
    trail.do(INSERT.format(columns="id, txid, recorded_at, ", values="900000, txid, recorded_at, "), like=old)
    assert trail.found()[1:] == (
        900000,
        "the event has no entry, though later ones were sealed: it was inserted afterwards",
    )
    trail.do("DELETE FROM audit_auditevent WHERE id = 900000")
    assert trail.verdict().bad is None

    trail.do(INSERT.format(columns="id, recorded_at, ", values="900001, recorded_at - interval '4 days', "), like=old)
    trail.sealer.seal()
    place, event_id, problem = trail.found()
    assert (place, event_id, "inserted into the past" in problem) == (13, 900001, True)


def test_a_cut_tail_is_named(trail: Trail) -> None:
    """A3: events, leaves and checkpoints all gone, only the outside remembers. Control: without it nothing is found."""
    for table, column in (("audit_leaf", "position >= 9"), ("audit_checkpoint", "size > 9")):
        trail.do(
            "DELETE FROM audit_auditevent e USING audit_leaf l WHERE l.event_id = e.id AND l.tenant_id = %(tenant)s"
            " AND l.position >= 9"
        )
        trail.do(f"DELETE FROM {table} WHERE tenant_id = %(tenant)s AND {column}")

    assert trail.found() == (9, None, "4 entries are gone that a checkpoint outside has sealed")
    assert trail.verdict(is_offsite=False).bad is None


def test_an_older_backup_is_named(trail: Trail, tenant: Tenant) -> None:
    """A3: put back and written on, as if nothing had been. Control: the database alone agrees with itself."""
    for table in COPIES:
        trail.do(f"CREATE TEMPORARY TABLE old_{table} AS SELECT * FROM {table}")
    happen(tenant, 3)
    trail.sealer.seal()
    for table in COPIES:
        trail.do(f"DELETE FROM {table}")
        trail.do(f"INSERT INTO {table} SELECT * FROM old_{table}")
        trail.do(f"DROP TABLE old_{table}")
    assert trail.found() == (13, None, "3 entries are gone that a checkpoint outside has sealed")

    # Sealed on by somebody who has the key but not the place outside: another history from entry 13 on.
    happen(tenant, 5)
    elsewhere = Sealer(trail.sealer.key, type(trail.sealer.store)(trail.sealer.store.place / "elsewhere"))
    elsewhere.seal()
    assert trail.verdict(is_offsite=False).bad is None
    position, _, problem = trail.found()
    assert (position, "entries 13 to 15" in problem) == (13, True)


def test_an_event_rewritten_with_its_leaf_is_narrowed_to_its_batch(trail: Trail) -> None:
    """A3."""
    trail.do("UPDATE audit_auditevent SET payload = '{}x' WHERE id = %(id)s", id=trail.event_at(6))
    trail.rewrite_leaf(6)

    position, event_id, problem = trail.found(is_offsite=False)
    assert (position, event_id) == (5, None)
    assert problem.startswith("one or more of the entries 5 to 8 were rewritten together with their hashes")


@pytest.mark.parametrize("is_same_key", [False, True])
def test_a_rewritten_tree_that_was_signed_again_is_named(trail: Trail, is_same_key: bool) -> None:
    """A3: with a key of one's own it fails at the signature, with the stolen one at the copies outside."""
    key = trail.sealer.key if is_same_key else Ed25519PrivateKey.generate()
    trail.do("UPDATE audit_auditevent SET payload = '{}x' WHERE id = %(id)s", id=trail.event_at(6))
    trail.rewrite_leaf(6)
    trail.sign_again(key)

    if is_same_key:
        assert trail.verdict(is_offsite=False).bad is None, "control: the database alone agrees with itself"
        position, _, problem = trail.found()
        assert (position, "entries 5 to 8" in problem) == (5, True)
    else:
        assert trail.found(is_offsite=False) == (
            0,
            None,
            "the checkpoint of size 5 in the database does not hold: it is signed by a key that is not trusted",
        )


def test_lost_or_changed_checkpoints_are_named(trail: Trail) -> None:
    """A3: on either side."""
    trail.do("DELETE FROM audit_checkpoint WHERE tenant_id = %(tenant)s AND size = 9")
    assert trail.found() == (9, None, "the database has no longer its copy of the checkpoint of size 9")
    trail.do("DELETE FROM audit_checkpoint WHERE tenant_id = %(tenant)s")
    assert "no longer its copy" in trail.found()[2]
    assert trail.found(is_offsite=False) == (0, None, "the entries up to 12 are covered by no checkpoint")


def test_a_missing_or_damaged_file_outside_is_named(trail: Trail) -> None:
    """A3."""
    first, second, _ = sorted((trail.sealer.store.place / str(trail.tenant_id)).iterdir())
    content = second.read_bytes()
    second.unlink()
    assert trail.found() == (9, None, "the checkpoint of size 9 is missing outside the database")
    second.write_bytes(content)
    assert trail.verdict().bad is None
    first.chmod(0o644)
    first.write_bytes(first.read_bytes().replace(b"\n5\n", b"\n4\n"))
    assert trail.found() == (
        0,
        None,
        "the checkpoint of size 5 outside does not hold: the signature is not of this text",
    )


@pytest.mark.parametrize("position", [3, 11])
def test_verifying_may_begin_at_a_later_checkpoint(trail: Trail, position: int) -> None:
    """What lies before is vouched for by the signature over the root that the peaks lead to."""
    since = TODAY - timedelta(hours=1)
    verdict = trail.verdict(since=since)
    assert (verdict.bad, verdict.size, verdict.verified) == (None, 13, 4)
    trail.do("UPDATE audit_auditevent SET payload = '{}x' WHERE id = %(id)s", id=trail.event_at(position))
    bad = trail.verdict(since=since).bad
    assert (bad.position if bad else None) == (11 if position == 11 else None)
    assert trail.found()[0] == position


def test_forged_peaks_are_named(trail: Trail) -> None:
    trail.do("UPDATE audit_checkpoint SET peaks = set_byte(peaks, 0, get_byte(peaks, 0) # 1) WHERE size = 9")
    assert trail.verdict().bad is None
    assert trail.found(since=TODAY - timedelta(hours=1)) == (
        9,
        None,
        "the peaks of the checkpoint to begin at do not lead to its root",
    )


def test_a_tenant_whose_trail_is_gone_altogether_is_still_looked_at(trail: Trail) -> None:
    for table in COPIES:
        trail.do(f"DELETE FROM {table}")
    assert tenants_with_trail(trail.sealer.store) == [trail.tenant_id]
    assert tenants_with_trail(None) == []
    assert trail.found() == (0, None, "13 entries are gone that a checkpoint outside has sealed")


def test_a_rotated_key_is_trusted_beside_the_old_one(trail: Trail, tenant: Tenant) -> None:
    old = trail.sealer.key
    trail.sealer.key = Ed25519PrivateKey.generate()
    happen(tenant)
    trail.sealer.seal()
    both = [old.public_key(), trail.sealer.key.public_key()]
    assert verify(tenant.pk, keys=both, store=trail.sealer.store).bad is None
    bad = verify(tenant.pk, keys=both[:1], store=trail.sealer.store).bad
    assert bad is not None
    assert "size 14 outside does not hold: it is signed by a key that is not trusted" in bad.problem


def test_verifying_while_sealing_goes_on_raises_no_false_alarm(trail: Trail, tenant: Tenant) -> None:
    import threading

    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            happen(tenant)
            trail.sealer.seal()
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        verdicts = [trail.verdict() for _ in range(15)]
    finally:
        stop.set()
        thread.join()
    assert [verdict.bad for verdict in verdicts] == [None] * 15
    assert verdicts[-1].size > verdicts[0].size
