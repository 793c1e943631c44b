"""The DNS records that an e-mail account needs, word for word, and what DNS says in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from channels.mail_keys import published_records
from channels.mail_readiness import Domain, Resolver, check_domain, check_service_domain, is_published
from channels.models import ProviderAccount

SMTP, SERVICE = "smtp", "anymail"
DMARC = "v=DMARC1; p=quarantine"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """``purpose`` is the finding that looks at it; ``name`` and ``value`` are "" where somebody else gives them."""

    purpose: str
    kind: str
    name: str
    value: str
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What DNS says at a record's name."""

    is_ok: bool
    texts: tuple[str, ...]


def records_of(account: ProviderAccount) -> list[DnsRecord]:
    """What is to be published, in the order in which a bank does it; nothing before it has entered its sender."""
    options = account.options
    sender = _domain_of(options)
    if not sender:
        return []
    dmarc = DnsRecord("mail_dmarc", "TXT", f"_dmarc.{sender}", DMARC)
    if account.provider == SERVICE:
        selector = str(options.get("dkim_selector", ""))
        name = f"{selector}._domainkey.{sender}" if selector else ""
        return [DnsRecord("mail_dkim", "TXT", name, "", selector), dmarc]
    bounces = _bounces_of(options)
    mechanism = str(options.get("spf") or f"a:{options.get('host', '')}")
    return [
        DnsRecord("mail_bounce_mx", "MX", bounces, f"10 {settings.BOUNCES_HOST}." if settings.BOUNCES_HOST else ""),
        DnsRecord("mail_spf", "TXT", bounces, f"v=spf1 {mechanism} -all"),
        *(
            DnsRecord("mail_dkim", "TXT", f"{selector}._domainkey.{sender}", text, selector)
            for selector, text in published_records(account).items()
        ),
        dmarc,
    ]


def look(account: ProviderAccount, records: list[DnsRecord], resolver: Resolver) -> dict[DnsRecord, Seen]:
    """Ask DNS for each record; outside transactions.

    Raises:
        TransientFailure: DNS does not answer.
    """
    sender = _domain_of(account.options)
    keys = [record for record in records if record.purpose == "mail_dkim"]
    if account.provider == SERVICE:
        findings = check_service_domain(sender, keys[0].selector, resolver)
    else:
        first = (keys[0].selector, keys[0].value) if keys else ("", "")
        claims = Domain(sender, _bounces_of(account.options), *first, str(account.options.get("spf", "")))
        findings = check_domain(claims, resolver)
    is_ok = {finding.code: finding.is_ok for finding in findings}
    seen = {}
    for record in records:
        ask = resolver.mail_hosts if record.kind == "MX" else resolver.texts
        found = ask(record.name) if record.name else []
        if record.purpose == "mail_dkim" and record.value:
            good = is_published(sender, record.selector, record.value, resolver)
        else:
            good = is_ok[record.purpose]
        seen[record] = Seen(good, tuple(found))
    return seen


def is_key_published(account: ProviderAccount, selector: str, resolver: Resolver) -> bool:
    """Whether DNS has the record of one of the account's keys. Raises TransientFailure as ``look``."""
    record = published_records(account).get(selector, "")
    return is_published(_domain_of(account.options), selector, record, resolver)


def _domain_of(options: Mapping[str, Any]) -> str:
    return str(options.get("sender", "")).rpartition("@")[2].lower()


def _bounces_of(options: Mapping[str, Any]) -> str:
    return str(options.get("bounce_domain", "")).lower()
