"""How often one network, and everybody together, may ask for what is not there: counted in the database, by the hour.

A link has 160 random bits, so nobody finds one; this bounds the work of trying, and how many customers' knowledge
factors one place may try. A reference number has eleven digits by chance and is asked for together with the facts;
it is bounded for each network, for each tenant and for itself, and answers alike whether it exists or not. What was
counted is a keyed hash: no address and no number is kept. The figures are in docs/portal.md.
"""

from collections.abc import Callable
from datetime import datetime

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from tenants.models import Tenant
from tenants.sign_in import lockout
from tenants.sign_in.lockout import Counted

# A carrier puts thousands of telephones behind one network, and some of their owners mistype.
LIMIT = 200
SLIPS = 200
# Of all networks together, of one tenant: far more than customers mistype in an hour after a large mailing.
TENANT_LIMIT = 3_000
NUMBER_LIMIT = 5


def refused_until(request: HttpRequest, *, now: datetime, tenant: Tenant | None = None) -> datetime | None:
    """Until when this network is told nothing, whatever it asks for; of a tenant by number, until when nobody is."""
    until = lockout.locked_until(_key(request, now), now=now)
    if until is None and tenant is not None:
        until = lockout.locked_until(_of_tenant(tenant, now), now=now)
    return until


def mistyped_until(request: HttpRequest, *, now: datetime) -> datetime | None:
    """Until when this network has mistyped enough numbers."""
    return lockout.locked_until(_slips(request, now), now=now)


def count_miss(request: HttpRequest, *, now: datetime, tenant: Tenant | None = None) -> None:
    """A link that does not exist, or facts that are not the customer's; of a tenant, if they came with a number."""
    _count(_key(request, now), LIMIT, now)
    if tenant is not None:
        _count(_of_tenant(tenant, now), TENANT_LIMIT, now)


def count_slip(request: HttpRequest, *, now: datetime) -> None:
    """A number whose check digit is wrong: nobody learns anything by it, but nobody types that many either."""
    _count(_slips(request, now), SLIPS, now)


def pay_for_number(tenant: Tenant, number: str, *, now: datetime) -> Counted:
    """Pay for one try with a reference number, before it is judged, whether anybody has that number or not.

    Raises:
        Locked: five have failed in a row; the next is looked at after a wait that grows.
    """
    return lockout.count_attempt(lockout.number_key(tenant.pk, number), limit=NUMBER_LIMIT, now=now)


def number_refused_until(tenant: Tenant, number: str, *, now: datetime) -> datetime | None:
    """Until when no facts are compared for this number."""
    return lockout.locked_until(lockout.number_key(tenant.pk, number), now=now)


def forget_number(tenant: Tenant, number: str) -> None:
    """The facts went with the number: it begins again from nothing."""
    lockout.forget(lockout.number_key(tenant.pk, number))


def _count(key: bytes, limit: int, now: datetime) -> None:
    try:
        lockout.count_attempt(key, limit=limit, now=now)
    except lockout.Locked:
        return  # somebody else was faster; the next request is refused


def forms_key(request: HttpRequest, now: datetime) -> bytes:
    """The counter of forms that this network sent in this hour."""
    return lockout.links_key(get_client_ip(request) or "", hour=f"forms {now:%Y-%m-%dT%H}")


def _key(request: HttpRequest, now: datetime) -> bytes:
    return _by_network(lockout.links_key, request, now)


def _slips(request: HttpRequest, now: datetime) -> bytes:
    return _by_network(lockout.slips_key, request, now)


def _of_tenant(tenant: Tenant, now: datetime) -> bytes:
    return lockout.numbers_key(tenant.pk, hour=_hour(now))


def _by_network(key: Callable[..., bytes], request: HttpRequest, now: datetime) -> bytes:
    return key(get_client_ip(request) or "", hour=_hour(now))


def _hour(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H}"
