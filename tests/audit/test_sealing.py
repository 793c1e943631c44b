"""The sealer: what it may, its order, and that nothing makes it leave a gap or fork a tree."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import ProgrammingError, connections, transaction

from audit import notes
from audit.checkpoints import AlreadySaidOtherwise
from audit.lines import FIELDS, canonical_line
from audit.merkle import Frontier, leaf_hash
from audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from audit.sealing import DatabaseIsOlder, Sealed
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.audit.conftest import Sealer, happen


def leaves_of(superuser: psycopg.Connection, tenant_id: int) -> list[tuple[int, int, bytes]]:
    return superuser.execute(
        "SELECT position, event_id, leaf FROM audit_leaf WHERE tenant_id = %s ORDER BY position", [tenant_id]
    ).fetchall()


def count(superuser: psycopg.Connection, what: str) -> int:
    row = superuser.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])


UNSEALED = "audit_auditevent e WHERE NOT EXISTS (SELECT FROM audit_leaf WHERE event_id = e.id)"


def test_every_event_gets_its_place_and_the_hash_of_its_line(
    tenant: Tenant, other_tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection
) -> None:
    """Also events with characters that COPY or JSON escape, and those of the service itself."""
    for name in (
        "plain",
        'quo"te',
        "back\\slash",
        "tab\tnewline\ncr\r",
        "bell\x07\x08\x0b\x0c\x7f",
        "日本語\u2028\U00029e3d",
    ):
        happen(tenant, data_given=name)
    happen(other_tenant, 3)
    superuser.execute(
        "INSERT INTO audit_auditevent (tenant_id, at, actor_kind, actor_id, event, target_type, target_id, payload)"
        " VALUES (0, now(), 'database', 'postgres', 'x', 'y', E'raw\\ttab\\\\', E'{\\n}')"
    )

    sealed = sealer.seal()

    assert sealed.events == count(superuser, "audit_auditevent") == count(superuser, "audit_leaf")
    assert sealed.checkpoints == 3
    for tenant_id in (0, tenant.pk, other_tenant.pk):
        rows = leaves_of(superuser, tenant_id)
        assert [position for position, _, _ in rows] == list(range(len(rows)))
        for _, event_id, leaf in rows:
            event = superuser.execute(
                f"SELECT {', '.join(FIELDS).replace('txid', 'txid::text::bigint')} FROM audit_auditevent WHERE id = %s",
                [event_id],
            ).fetchone()
            assert event is not None
            assert leaf == leaf_hash(canonical_line(event)), event
        frontier = Frontier()
        frontier.extend(leaf for _, _, leaf in rows)
        (published,) = list(sealer.store.of(tenant_id))
        checkpoint = notes.opened(published[1], [sealer.key.public_key()])
        assert (checkpoint.origin, checkpoint.size) == (f"keizoku/{tenant_id}", len(rows))
        assert checkpoint.root == frontier.root()


def test_a_tree_grows_from_pass_to_pass(tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection) -> None:
    sizes = []
    for times in (1, 2, 5, 1):
        happen(tenant, times)
        sealer.seal()
        sizes.append(max(size for size, _ in sealer.store.of(tenant.pk)))
    assert sealer.seal().events == 0

    rows = leaves_of(superuser, tenant.pk)
    assert [size for size, _ in sealer.store.of(tenant.pk)] == sizes
    assert sizes[-1] == len(rows) == count(superuser, f"audit_auditevent WHERE tenant_id = {tenant.pk}")
    for size, note in sealer.store.of(tenant.pk):
        frontier = Frontier()
        frontier.extend(leaf for _, _, leaf in rows[:size])
        assert notes.read(note).root == frontier.root()


def test_what_was_published_cannot_be_changed(tenant: Tenant, sealer: Sealer) -> None:
    happen(tenant)
    sealer.seal()
    (path,) = (sealer.store.place / str(tenant.pk)).iterdir()
    size, note = next(sealer.store.of(tenant.pk))

    assert path.stat().st_mode & 0o777 == 0o444
    sealer.store.publish(tenant.pk, size, note)
    with pytest.raises(AlreadySaidOtherwise):
        sealer.store.publish(tenant.pk, size, note.replace("keizoku", "kelzoku"))
    assert path.read_text() == note


WRITES = {
    "a leaf": "INSERT INTO audit_leaf VALUES ({tenant}, 99, 99, '\\x00')",
    "a checkpoint": "INSERT INTO audit_checkpoint (tenant_id, size, root, peaks, note, made_at, sealed_txid,"
    " sealed_event_id) VALUES ({tenant}, 99, '\\x00', '', '', now(), '1', 1)",
    "a timestamp": "INSERT INTO audit_timestamp (tenant_id, size, head, index, path, response, stamped_at)"
    " VALUES ({tenant}, 99, '', 0, '', '', now())",
}
CHANGES = [
    statement
    for table in ("audit_leaf", "audit_checkpoint", "audit_timestamp")
    for statement in (f"UPDATE {table} SET tenant_id = tenant_id", f"DELETE FROM {table}", f"TRUNCATE {table}")
]


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_neither_application_nor_owner_writes_what_seals(
    tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection, alias: str
) -> None:
    """A2. Positive control: as superuser the same statements work."""
    happen(tenant)
    sealer.seal()
    for statement in [*(adding.format(tenant=tenant.pk) for adding in WRITES.values()), *CHANGES]:
        with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant.pk, using=alias):
            _execute(alias, statement)
        with superuser.transaction(force_rollback=True):
            superuser.execute(statement)


def test_the_owner_of_the_tables_writes_nothing_without_taking_a_wall_down(
    tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection
) -> None:
    """A2. Migrations may become the owning role, and even so the walls are forced on it."""
    happen(tenant)
    sealer.seal()
    for adding in WRITES.values():
        forging = f"SET LOCAL ROLE keizoku_audit; {adding.format(tenant=tenant.pk)}"
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic(using="owner"):
            _execute("owner", forging)
    before = leaves_of(superuser, tenant.pk)
    with transaction.atomic(using="owner"):
        _execute("owner", "SET LOCAL ROLE keizoku_audit")
        _execute("owner", "DELETE FROM audit_leaf")
    assert leaves_of(superuser, tenant.pk) == before != []


def test_the_sealer_adds_and_never_changes(tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection) -> None:
    """A2. Positive control: adding works."""
    for statement in CHANGES:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(using="sealer"):
            _execute("sealer", statement)
    with transaction.atomic(using="sealer"):
        for adding in WRITES.values():
            _execute("sealer", adding.format(tenant=tenant.pk))
        transaction.set_rollback(True, using="sealer")


def test_the_sealer_sees_the_trail_and_nothing_else(tenant: Tenant, superuser: psycopg.Connection) -> None:
    tables = superuser.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    happen(tenant)
    seen = set()
    for (table,) in tables:
        try:
            with transaction.atomic(using="sealer"):
                _execute("sealer", f"SELECT count(*) FROM {table}")
            seen.add(table)
        except ProgrammingError:
            pass
    assert seen == {"audit_auditevent", "audit_leaf", "audit_checkpoint", "audit_timestamp"}
    assert AuditEvent.objects.using("sealer").count() == count(superuser, "audit_auditevent") > 0
    for forging in ("INSERT INTO audit_auditevent (tenant_id) VALUES (1)", "UPDATE audit_auditevent SET event = 'x'"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(using="sealer"):
            _execute("sealer", forging)


def test_a_tenant_reads_its_own_seals_only(tenant: Tenant, other_tenant: Tenant, sealer: Sealer) -> None:
    """T8."""
    happen(tenant)
    happen(other_tenant)
    sealer.seal()
    for one in (tenant, other_tenant):
        with tenant_scope(one.pk):
            assert set(AuditLeaf.objects.values_list("tenant_id", flat=True)) == {one.pk}
            assert set(AuditCheckpoint.objects.values_list("tenant_id", flat=True)) == {one.pk}
    with transaction.atomic():
        assert not AuditLeaf.objects.exists()


def test_an_open_transaction_holds_back_what_began_after_it(
    tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A5, A7: the slow writer's event is neither lost nor overtaken, and the waiting is measured and cried out."""
    sealer.seal()
    with psycopg.connect(superuser.info.dsn, password=superuser.info.password) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        happen(tenant)
        sealed = sealer.seal()
        assert sealed.events == 0
        assert 0 < sealed.lag_seconds < 5
        assert "waits to be sealed" not in caplog.text

        superuser.execute("UPDATE audit_auditevent SET recorded_at = recorded_at - interval '40 seconds'")
        sealed = sealer.seal()
        assert sealed.events == 0
        assert 40 < sealed.lag_seconds < 45
        assert "The audit trail waits to be sealed" in caplog.text
    caplog.clear()
    assert sealer.seal() == Sealed(events=1, checkpoints=1, lag_seconds=0)
    assert "waits to be sealed" not in caplog.text


def test_a_database_that_lost_what_was_sealed_is_not_sealed_on(
    tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection
) -> None:
    """A3: after an older back-up came back the sealer stops instead of forking the tree."""
    happen(tenant, 2)
    sealer.seal()
    happen(tenant, 2)
    sealer.seal()
    for table in ("audit_leaf WHERE position > 3", "audit_checkpoint WHERE size > 4"):
        superuser.execute(f"DELETE FROM {table}")
    happen(tenant)

    with pytest.raises(DatabaseIsOlder, match=f"Tenant {tenant.pk}: 6 entries were sealed"):
        sealer.seal()
    assert count(superuser, "audit_leaf") == 5, "four of the tenant, one of the service itself"


def test_after_a_restore_into_a_young_server_new_events_are_sealed(
    tenant: Tenant, sealer: Sealer, superuser: psycopg.Connection
) -> None:
    """A dump keeps its transaction numbers, the server it is loaded into counts from the beginning."""
    happen(tenant, 3)
    ahead = "((txid::text)::bigint + 1000000)::text::xid8"
    superuser.execute(f"UPDATE audit_auditevent SET txid = {ahead}")
    superuser.execute(
        "INSERT INTO audit_checkpoint (tenant_id, size, root, peaks, note, made_at, sealed_txid, sealed_event_id)"
        " SELECT 999, 1, '', '', '', now(), max(txid), 0 FROM audit_auditevent"
    )
    happen(tenant, 2)
    assert sealer.seal().events == 2
    happen(tenant, 2)
    assert sealer.seal().events == 2


def writers(superuser: psycopg.Connection, tenant: Tenant) -> list[threading.Thread]:
    """Eight that write, dawdle, and sometimes roll back."""

    def write(seed: int) -> None:
        dice = random.Random(seed)
        with psycopg.connect(superuser.info.dsn, password=superuser.info.password) as connection:
            for _ in range(40):
                for _ in range(dice.randint(1, 3)):
                    connection.execute(
                        "INSERT INTO audit_auditevent (tenant_id, at, actor_kind, actor_id, event, target_type,"
                        " target_id, payload) VALUES (%s, now(), 'a', 'b', 'c', 'd', 'e', '{}')",
                        [tenant.pk],
                    )
                time.sleep(dice.random() * 0.01)
                connection.rollback() if dice.random() < 0.15 else connection.commit()

    return [threading.Thread(target=write, args=(seed,)) for seed in range(8)]


def naive(superuser: psycopg.Connection, stop: threading.Event, seen: set[int]) -> None:
    """The control: a sealer that goes by id."""
    last = 0
    with psycopg.connect(superuser.info.dsn, password=superuser.info.password, autocommit=True) as connection:
        while not stop.is_set():
            for (event_id,) in connection.execute("SELECT id FROM audit_auditevent WHERE id > %s ORDER BY id", [last]):
                seen.add(event_id)
                last = event_id
            time.sleep(0.002)


@pytest.fixture
def two_sealers(sealer: Sealer) -> Iterator[tuple[threading.Event, list[Exception], list[threading.Thread]]]:
    stop, failures = threading.Event(), list[Exception]()

    def work() -> None:
        try:
            while not stop.is_set():
                sealer.seal()
                time.sleep(0.005)
            sealer.seal()
        except Exception as error:
            failures.append(error)
        finally:
            connections["sealer"].close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    yield stop, failures, threads
    stop.set()


def test_no_committed_event_is_missed_while_eight_write(
    tenant: Tenant,
    sealer: Sealer,
    superuser: psycopg.Connection,
    two_sealers: tuple[threading.Event, list[Exception], list[threading.Thread]],
) -> None:
    """A5 and A6: two sealers at once, no gap and no fork. Positive control: going by id misses events."""
    stop, failures, sealers = two_sealers
    seen: set[int] = set()
    control = threading.Thread(target=naive, args=(superuser, stop, seen))
    crowd = writers(superuser, tenant)
    for thread in (*sealers, control, *crowd):
        thread.start()
    for thread in crowd:
        thread.join()
    time.sleep(0.05)
    stop.set()
    for thread in (*sealers, control):
        thread.join()

    assert failures == []
    assert count(superuser, UNSEALED) == 0
    rows = leaves_of(superuser, tenant.pk)
    assert [position for position, _, _ in rows] == list(range(len(rows)))
    assert len(rows) == count(superuser, f"audit_auditevent WHERE tenant_id = {tenant.pk}") > 300
    assert len(list(sealer.store.of(tenant.pk))) == count(superuser, f"audit_checkpoint WHERE tenant_id = {tenant.pk}")
    for size, note in sealer.store.of(tenant.pk):
        frontier = Frontier()
        frontier.extend(leaf for _, _, leaf in rows[:size])
        assert notes.read(note).root == frontier.root()
    missed = {event_id for _, event_id, _ in rows} - seen
    assert missed, "control: the sealer by id should have missed some"


def _execute(alias: str, statement: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
