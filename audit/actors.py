"""Who can cause a change. Knows no model, so that the database backend may use it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """Whoever caused a change: a member of staff, a customer, a provider's webhook, or the system."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def user(cls, user_id: int | str) -> Actor:
        """A member of staff, by the id of the account that signed in."""
        return cls("user", str(user_id))

    @classmethod
    def customer(cls, customer_id: UUID) -> Actor:
        """The customer, on the pages that need no login."""
        return cls("customer", str(customer_id))

    @classmethod
    def provider(cls, name: str) -> Actor:
        """An outside provider, through a verified webhook or file."""
        return cls("provider", name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """A scheduled job of our own, by the name of the app that runs it."""
        return cls("system", name)
