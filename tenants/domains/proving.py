"""What DNS has to say of a host before it is an institution's, and what it says."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings

from tenants.dns import Dns

PREFIX = "_keizoku-challenge"
_SAYS = "keizoku-domain="
# Of what strangers publish, no more than this is kept.
_TEXTS, _LENGTH, _ADDRESSES = 5, 120, 8


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at DNS: whether the challenge is answered and the host leads here, and what was found instead."""

    is_proved: bool
    leads_here: bool
    texts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether both are as they should be."""
        return self.is_proved and self.leads_here

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self | None:
        """As it was kept; None before the first look."""
        if not document:
            return None
        held = {name: tuple(document[name]) for name in ("texts", "addresses")}
        return cls(bool(document["is_proved"]), bool(document["leads_here"]), **held)

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        found = {"texts": list(self.texts), "addresses": list(self.addresses)}
        return {"is_proved": self.is_proved, "leads_here": self.leads_here, **found}


def new_challenge() -> str:
    """128 bits, which only who may see the institution's page can know before they stand in DNS."""
    return secrets.token_hex(16)


def record_name(host: str) -> str:
    """Where the challenge stands in DNS."""
    return f"{PREFIX}.{host}"


def record_value(challenge: str) -> str:
    """What stands there."""
    return _SAYS + challenge


def target() -> str:
    """The name that own domains lead to."""
    return settings.DOMAINS_TARGET or urlsplit(settings.PUBLIC_BASE_URL).hostname or ""


@dataclass(frozen=True, slots=True)
class LeadingRecord:
    """The record that leads customers from an own domain to the service, as DNS has it."""

    kind: str
    value: str


def leading_record() -> LeadingRecord:
    """A name is led to by a CNAME; where the service has an address and no name, by that address."""
    try:
        address = ip_address(target())
    except ValueError:
        return LeadingRecord("CNAME", f"{target()}.")
    return LeadingRecord("A" if address.version == 4 else "AAAA", str(address))


def look(host: str, challenge: str, dns: Dns) -> Seen:
    """Ask DNS. No transaction may be open.

    Raises:
        DnsSilent: nobody can say now.
    """
    texts = dns.texts(record_name(host))
    is_proved = any(secrets.compare_digest(text.strip().encode(), record_value(challenge).encode()) for text in texts)
    here, there = dns.whereabouts(target()), dns.whereabouts(host)
    leads_here = bool(there.addresses) and (there.name == here.name or there.addresses <= here.addresses)
    return Seen(
        is_proved,
        leads_here,
        tuple(_printable(text) for text in texts[:_TEXTS]),
        tuple(sorted(there.addresses)[:_ADDRESSES]),
    )


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_LENGTH])
