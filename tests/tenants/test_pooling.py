"""Eight threads and random tenants over pooled and direct connections: nobody sees anybody else's rows."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cdd.servers.places import Account, private_directory, write_private
from customers.models import Customer
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import ROOT

THREADS = 8
REQUESTS = 250
CROWD = 1_000


@pytest.fixture
def crowd(tenant: Tenant, other_tenant: Tenant) -> list[int]:
    """Two banks with different numbers of customers."""
    for count, bank in ((3, tenant), (5, other_tenant)):
        with tenant_scope(bank.pk):
            Customer.objects.bulk_create(
                Customer(number=f"{bank.slug}-{i}", kind="COMPANY", profile={}) for i in range(count)
            )
    return [tenant.pk, other_tenant.pk]


def test_threads_with_random_tenants_and_faults_stay_apart(crowd: list[int]) -> None:
    """T6 (a), direct connections: 8 threads, errors, savepoints and closed connections in between."""
    expected = dict(zip(crowd, (3, 5), strict=True))

    def worker(seed: int) -> list[str]:
        chance = random.Random(seed)
        wrong = []
        try:
            for _ in range(REQUESTS):
                tenant_id = chance.choice(crowd)
                with tenant_context(tenant_id):
                    fault(chance.random())
                    with transaction.atomic():
                        seen = {customer.tenant_id for customer in Customer._base_manager.all()}
                        if seen != {tenant_id} or Customer.objects.count() != expected[tenant_id]:
                            wrong.append(f"{tenant_id} saw {seen}")
        finally:
            connection.close()
        return wrong

    with ThreadPoolExecutor(THREADS) as threads:
        assert [wrong for found in threads.map(worker, range(THREADS)) for wrong in found] == []


def fault(luck: float) -> None:
    """Sometimes break the connection or the transaction first."""
    if luck < 0.05:
        connection.close()
    elif luck < 0.15:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
        except DatabaseError:
            pass


def test_a_process_without_a_scope_reads_nothing(crowd: list[int], process_environment: dict[str, str]) -> None:
    """T3 in another process, through the shell as an operator would."""
    script = textwrap.dedent(
        """
        import django; django.setup()
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM customers_customer")
            print(cursor.fetchone()[0])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=process_environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def run_crowd(tenants: list[int], environment: dict[str, str], *how: str) -> Counter[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tenants.crowd", *map(str, tenants), str(CROWD), *how],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return Counter(json.loads(done.stdout))


ALL_RIGHT = Counter(right=THREADS * CROWD)


@pytest.mark.slow
def test_8000_requests_over_kept_connections_stay_apart(crowd: list[int], process_environment: dict[str, str]) -> None:
    """T6 (a)."""
    assert run_crowd(crowd, process_environment) == ALL_RIGHT


@pytest.mark.slow
def test_8000_requests_over_a_pool_stay_apart(crowd: list[int], process_environment: dict[str, str]) -> None:
    """T6 (b)."""
    assert run_crowd(crowd, process_environment | {"DATABASE_POOL": "4"}) == ALL_RIGHT


@pytest.fixture
def pooler(process_environment: dict[str, str], place: Path) -> Iterator[dict[str, str]]:
    """PgBouncer in transaction mode with two server connections; gives the environment that leads through it."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        pytest.skip("no PgBouncer: apt-get install pgbouncer")
    account = Account.for_servers()
    folder = private_directory(place / "pgbouncer", account)
    target = conninfo_to_dict(process_environment["DATABASE_URL"])
    write_private(folder / "users", f'"{target["user"]}" "{target["password"]}"\n', account)
    write_private(
        folder / "pgbouncer.ini",
        f"""[databases]
{target["dbname"]} = host={target["host"]} port={target["port"]} pool_size=2
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = plain
auth_file = {folder / "users"}
pool_mode = transaction
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
""",
        account,
    )
    process = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")],
        cwd="/",
        stderr=subprocess.DEVNULL,
        **account.identity,
    )
    address = make_conninfo("", **(target | {"host": str(folder), "port": "6432"}))
    try:
        for _ in range(100):
            if (folder / ".s.PGSQL.6432").exists():
                break
            time.sleep(0.05)
        yield process_environment | {"DATABASE_URL": address, "PGBOUNCER": "1", "CONN_MAX_AGE": "0"}
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
def test_8000_requests_through_pgbouncer_stay_apart(crowd: list[int], pooler: dict[str, str]) -> None:
    """T6 (c)."""
    assert run_crowd(crowd, pooler) == ALL_RIGHT


@pytest.mark.slow
def test_a_setting_made_for_the_session_leaks_through_pgbouncer(crowd: list[int], pooler: dict[str, str]) -> None:
    """T6, positive control: the attack is real where the guard is not."""
    assert run_crowd(crowd, pooler, "careless")["foreign"] > 0
