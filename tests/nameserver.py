"""A nameserver of the tests' own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest


@dataclass
class Nameserver:
    """Knows ``records``, by name and kind, and nothing else; "SERVFAIL" stands for a fault of its own."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    address: str = ""


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """One, over real UDP."""
    state = Nameserver()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            query = dns.message.from_wire(data)
            asked = query.question[0]
            answer = dns.message.make_response(query)
            kind = dns.rdatatype.to_text(asked.rdtype)
            name = asked.name.to_text().rstrip(".").lower()
            while alias := state.records.get((name, "CNAME")):
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{alias[0]}."))
                name = alias[0]
            found = state.records.get((name, kind))
            if found == ["SERVFAIL"]:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif found:
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *found))
            elif not answer.answer:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            socket.sendto(answer.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        state.address = f"127.0.0.1:{server.server_address[1]}"
        yield state
        server.shutdown()
        thread.join()
