"""A crowd at two banks, in a process of its own: eight threads of random tenants over one kind of connection.

`python -m tests.tenants.crowd SMALL LARGE REQUESTS [careless]` prints how many reads were right, showed a
foreign row, or were wrongly empty. SMALL and LARGE are tenants with 3 and 5 customers.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import django

THREADS = 8


def crowd(sizes: dict[int, int], requests: int, read: Callable[[int], list[int]]) -> Counter[str]:
    """Every request reads as one of the tenants, now and then after a fault."""
    from django.db import connection

    def worker(seed: int) -> Counter[str]:
        chance = random.Random(seed)
        seen: Counter[str] = Counter()
        try:
            for _ in range(requests):
                tenant_id = chance.choice(list(sizes))
                if chance.random() < 0.02:
                    connection.close()
                seen[judged(read(tenant_id), tenant_id, sizes[tenant_id])] += 1
        finally:
            connection.close()
        return seen

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(worker, range(THREADS)), Counter())


def judged(owners: list[int], tenant_id: int, size: int) -> str:
    """What a read was like."""
    if set(owners) - {tenant_id}:
        return "foreign"
    return "right" if len(owners) == size else "empty"


def as_the_product_does(tenant_id: int) -> list[int]:
    """One transaction, one tenant."""
    from customers.models import Customer
    from tenants.scoping import tenant_scope

    with tenant_scope(tenant_id):
        return list(Customer._base_manager.values_list("tenant_id", flat=True))


def carelessly(tenant_id: int) -> list[int]:
    """The setting made for the session, as tenancy libraries do by default."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
        cursor.execute("SELECT tenant_id FROM customers_customer")
        return [row[0] for row in cursor.fetchall()]


if __name__ == "__main__":
    django.setup()
    small, large, requests, *how = sys.argv[1:]
    reading = carelessly if how == ["careless"] else as_the_product_does
    sys.stdout.write(json.dumps(crowd({int(small): 3, int(large): 5}, int(requests), reading)))
