"""Eight threads and random tenants over pooled and direct connections: nobody sees anybody else's rows."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from customers.models import Customer
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope

THREADS = 8
REQUESTS = 250


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


def test_a_session_level_setting_would_leak(crowd: list[int]) -> None:
    """T6, positive control: the same reads with the setting made for the session do show foreign rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(crowd[1])])
        cursor.execute("SELECT count(*) FROM customers_customer WHERE tenant_id = %s", [crowd[1]])
        assert cursor.fetchone() == (5,)
    connection.close()


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
