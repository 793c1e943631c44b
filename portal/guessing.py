"""How often one network may ask for what is not there: counted by the hour, in the database, where restarts keep it.

A link has 160 random bits, so nobody finds one; this bounds the work of trying, and how many customers' knowledge
factors one place may try. What was counted is a keyed hash of the network and the hour: no address is kept.
"""

from datetime import datetime

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from tenants.sign_in import lockout

# A carrier puts thousands of telephones behind one network, and some of their owners mistype.
LIMIT = 200


def refused_until(request: HttpRequest, *, now: datetime) -> datetime | None:
    """Until when this network is told nothing, whatever it asks for."""
    return lockout.locked_until(_key(request, now), now=now)


def count_miss(request: HttpRequest, *, now: datetime) -> None:
    """A link that does not exist, or facts that are not the customer's."""
    try:
        lockout.count_attempt(_key(request, now), limit=LIMIT, now=now)
    except lockout.Locked:
        return  # somebody else of the network was faster; the next request is refused


def _key(request: HttpRequest, now: datetime) -> bytes:
    return lockout.links_key(get_client_ip(request) or "", hour=f"{now:%Y-%m-%dT%H}")
