"""Counting failed attempts in the database: exactly so many in a row, then a wait that grows.

An attempt is paid for before it is judged: the counter goes up under a row lock, and only what turns out right is
given back. So however many try at once, no more than the limit are ever compared with the secret.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import transaction

from tenants.prepared import Prepared
from tenants.sign_in.models import AttemptCounter

ACCOUNT_LIMIT = 5
# Everybody of a branch comes from one address, so a network is given more.
NETWORK_LIMIT = 60
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
FORGOTTEN_AFTER = timedelta(hours=24)
_LOCKED = Prepared(
    lambda key, now: AttemptCounter.objects.filter(key=key, locked_until__gt=now),
    key=b"a counter",
    now=datetime(1, 1, 1, tzinfo=UTC),
)


class Locked(Exception):
    """Too many attempts have failed. ``until`` says when the next one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


@dataclass(frozen=True)
class Counted:
    """An attempt that may be judged, and what it brought the counter to."""

    key: bytes
    failures: int
    locks_now: bool


def account_key(email: str) -> bytes:
    """The counter of passwords tried for an address, whether anybody has it or not."""
    return _key("account", email.strip().lower())


def codes_key(user_id: int) -> bytes:
    """The counter of second factors tried for an account."""
    return _key("codes", str(user_id))


def reset_key(email: str) -> bytes:
    """The counter of password mails asked for by an address."""
    return _key("reset", email.strip().lower())


def network_key(address: str) -> bytes:
    """The counter of a client's network: the /24 of an IPv4 address, the /48 of an IPv6 one."""
    return _key("network", _network(address))


def links_key(address: str, *, hour: str) -> bytes:
    """The counter of customers' links that a client's network asked for in vain in one hour."""
    return _key("links", f"{_network(address)} {hour}")


def slips_key(address: str, *, hour: str) -> bytes:
    """The counter of numbers that a client's network mistyped in one hour, so that none was even looked up."""
    return _key("slips", f"{_network(address)} {hour}")


def numbers_key(tenant_id: int, *, hour: str) -> bytes:
    """The counter of facts that did not go with a reference number, of all of a tenant in one hour."""
    return _key("numbers", f"{tenant_id} {hour}")


def number_key(tenant_id: int, number: str) -> bytes:
    """The counter of facts tried with one reference number, whether any customer has it or not."""
    return _key("number", f"{tenant_id} {number}")


def count_attempt(key: bytes, *, limit: int, now: datetime) -> Counted:
    """Pay for one attempt.

    Raises:
        Locked: the limit is reached; the attempt must not be judged.
    """
    with transaction.atomic():
        AttemptCounter.objects.bulk_create([AttemptCounter(key=key, last_at=now)], ignore_conflicts=True)
        counter = AttemptCounter.objects.select_for_update().get(key=key)
        if counter.locked_until is not None and counter.locked_until > now:
            raise Locked(counter.locked_until)
        if now - counter.last_at > FORGOTTEN_AFTER:
            counter.failures = counter.locks = 0
        elif counter.failures >= limit:  # the wait is over
            counter.failures = 0
        counter.failures += 1
        counter.last_at = now
        locks_now = counter.failures >= limit
        counter.locked_until = None
        if locks_now:
            counter.locked_until = now + WAITS[min(counter.locks, len(WAITS) - 1)]
            counter.locks += 1
        counter.save()
    return Counted(key, counter.failures, locks_now)


def give_back(counted: Counted) -> None:
    """Take back the one attempt that was right, and the lock it brought; others' failures stay counted."""
    with transaction.atomic():
        counter = AttemptCounter.objects.select_for_update().filter(key=counted.key).first()
        if counter is None:
            return
        counter.failures = max(counter.failures - 1, 0)
        if counted.locks_now:
            counter.locked_until = None
            counter.locks = max(counter.locks - 1, 0)
        counter.save()


def forget(key: bytes) -> None:
    """Begin again from nothing: after the right answer, or when an administrator unlocks."""
    AttemptCounter.objects.filter(key=key).delete()


def locked_until(key: bytes, *, now: datetime) -> datetime | None:
    """When the lock on ``key`` ends, if it is locked."""
    counter = _LOCKED.first(key=key, now=now)
    return counter.locked_until if counter else None


def _key(purpose: str, name: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"attempts {purpose} {name}".encode(), "sha256")


def _network(address: str) -> str:
    try:
        bits = 24 if ip_address(address).version == 4 else 48
    except ValueError:  # a Unix socket has no address
        return ""
    return str(ip_network(f"{address}/{bits}", strict=False))
