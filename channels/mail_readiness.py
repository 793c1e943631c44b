"""Whether DNS says of the bank's domain what receivers of its mail look for: SPF, DKIM, DMARC, where bounces go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from channels.protocols import Finding


class Resolver(Protocol):
    """Asks DNS. Raises TransientFailure if nobody can say now; an empty answer is an answer."""

    def texts(self, name: str) -> list[str]:
        """TXT records, their pieces joined."""
        ...

    def mail_hosts(self, name: str) -> list[str]:
        """Hosts of MX records."""
        ...


@dataclass(frozen=True, slots=True)
class Domain:
    """What our mail claims. ``spf`` is the mechanism that allows the relay, such as "include:spf.example"."""

    sender: str
    bounces: str
    selector: str
    record: str  # of the key that signs, "" for none
    spf: str = ""


def check_domain(domain: Domain, resolver: Resolver) -> list[Finding]:
    """What is in order and what is not, in the order in which a bank sets it up."""
    policy = _dmarc(domain.sender, resolver)
    is_signed = is_published(domain.sender, domain.selector, domain.record, resolver)
    is_aligned = domain.bounces == domain.sender or domain.bounces.endswith(f".{domain.sender}")
    return [
        Finding("mail_bounce_mx", bool(resolver.mail_hosts(domain.bounces))),
        _spf(domain, resolver),
        Finding("mail_dkim", is_signed, domain.selector),
        Finding("mail_dmarc", policy in ("quarantine", "reject"), policy),
        # d= is always the sender's own domain, so a good DKIM signature is aligned whatever SPF is.
        Finding("mail_alignment", is_signed or (is_aligned and policy != "")),
    ]


def is_published(sender: str, selector: str, record: str, resolver: Resolver) -> bool:
    """Whether DNS has the key of ``record`` under this selector; False for no record."""
    published = resolver.texts(f"{selector}._domainkey.{sender}") if record else []
    return any(_tags(text).get("p") == _tags(record)["p"] for text in published)


def check_service_domain(sender: str, selector: str, resolver: Resolver) -> list[Finding]:
    """The same of a domain whose mail a service signs, under ``selector``, and sends from its own addresses."""
    policy = _dmarc(sender, resolver)
    published = resolver.texts(f"{selector}._domainkey.{sender}") if selector else []
    return [
        Finding("mail_dkim", any(_tags(text).get("p") for text in published), selector),
        Finding("mail_dmarc", policy in ("quarantine", "reject"), policy),
    ]


def _spf(domain: Domain, resolver: Resolver) -> Finding:
    records = [text for text in resolver.texts(domain.bounces) if text.lower().split(" ")[0] == "v=spf1"]
    if len(records) != 1:  # two are an error (RFC 7208, 4.5)
        return Finding("mail_spf", False, f"{len(records)} records")
    terms = records[0].lower().split()
    allows = not domain.spf or domain.spf.lower() in (term.removeprefix("+") for term in terms)
    is_open = bool({"all", "+all"} & set(terms))
    return Finding("mail_spf", allows and not is_open, "+all" if is_open else "")


def _dmarc(sender: str, resolver: Resolver) -> str:
    """The policy of the domain or of the nearest above it."""
    labels = sender.split(".")
    for start in range(len(labels) - 1):
        found = [_tags(t) for t in resolver.texts("_dmarc." + ".".join(labels[start:])) if _is_dmarc(t)]
        if len(found) == 1:
            policy = found[0].get("p", "")
            return found[0].get("sp", policy) if start else policy
    return ""


def _is_dmarc(text: str) -> bool:
    return text.replace(" ", "").lower().startswith("v=dmarc1")


def _tags(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}
