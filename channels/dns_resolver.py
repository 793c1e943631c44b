"""DNS as the host's resolver, or the named ones, know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.resolver

from channels.protocols import TransientFailure

TIMEOUT_S = 5.0


class DnsResolver:
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
        return [b"".join(record.strings).decode("ascii", "replace") for record in self._ask(name, "TXT")]

    def mail_hosts(self, name: str) -> list[str]:
        """Hosts of MX records; a lone dot says that the domain takes no mail."""
        hosts = [str(record.exchange).rstrip(".") for record in self._ask(name, "MX")]
        return [host for host in hosts if host]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            raise TransientFailure("dns") from None
