"""One bank in the story: its people at their browsers, and what they have made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from cdd.demo.banks import Bank
from cdd.demo.browsing import Browser
from cdd.demo.evidence import Evidence
from customers.synthetic import Book


@dataclass
class Branch:
    """Filled in as the story goes on."""

    bank: Bank
    tenant_id: int
    evidence: Evidence
    people: dict[str, Browser]
    book: Book
    import_path: str = ""
    campaign_path: str = ""
    customer_path: str = ""
    cases: list[str] = field(default_factory=list)
    due: int = 0

    def __str__(self) -> str:
        return self.bank.slug

    @property
    def officer(self) -> Browser:
        """Plans and decides."""
        return self.people["officer"]

    @property
    def approver(self) -> Browser:
        """The second pair of eyes."""
        return self.people["approver"]

    @property
    def campaign_id(self) -> UUID:
        """The campaign's id, from its address."""
        return id_in(self.campaign_path)


def id_in(path: str) -> UUID:
    """The id in an address such as ``/campaigns/<id>/``."""
    return UUID(path.strip("/").split("/")[1])
