"""DNS as the host's resolver, or the named ones, know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.resolver

TIMEOUT_S = 5.0


class DnsSilent(Exception):
    """Nobody can say now. An empty answer is an answer."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a name leads: the name at the end of its aliases, and the addresses there."""

    name: str
    addresses: frozenset[str]


class Dns:
    """``servers`` are "address:port"; none means those of the host."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        self._resolver.lifetime = TIMEOUT_S
        if servers:
            address, _, port = servers[0].rpartition(":")
            self._resolver.nameservers = [address]
            self._resolver.port = int(port)

    def texts(self, name: str) -> list[str]:
        """TXT records, their pieces joined."""
        return [b"".join(record.strings).decode("ascii", "replace") for record in self.ask(name, "TXT")]

    def mail_hosts(self, name: str) -> list[str]:
        """Hosts of MX records; a lone dot says that the domain takes no mail."""
        hosts = [str(record.exchange).rstrip(".") for record in self.ask(name, "MX")]
        return [host for host in hosts if host]

    def whereabouts(self, name: str) -> Whereabouts:
        """Where browsers that are given the name connect to; an address stands for itself."""
        if _is_address(name):
            return Whereabouts(name, frozenset({name}))
        answers = [self.ask(name, kind) for kind in ("A", "AAAA")]
        ends = [str(answer.canonical_name).rstrip(".").lower() for answer in answers if answer]
        return Whereabouts(ends[0] if ends else name, frozenset(record.address for one in answers for record in one))

    def ask(self, name: str, kind: str) -> Any:
        """The records of a kind.

        Raises:
            DnsSilent
        """
        try:
            return self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            raise DnsSilent from None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
