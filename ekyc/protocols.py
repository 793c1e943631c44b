"""What every eKYC provider must do, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class State(StrEnum):
    """Where a verification stands at the provider."""

    CREATED = "created"
    OPENED = "opened"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class EkycUnavailable(Exception):
    """The provider cannot be reached or is out of order; trying again later may work."""


class EkycRefused(Exception):
    """The provider refuses what we ask: credentials, method or arguments are wrong. ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ForgedWebhook(Exception):
    """The signature is not the account's, or it is too old."""


class MalformedWebhook(Exception):
    """The call is signed, but cannot be read."""


@dataclass(frozen=True, slots=True)
class Application:
    """What we ask a provider to verify. ``reference`` is ours: the same one is answered with the same page."""

    reference: UUID
    method_code: str
    locale: str
    expires_at: datetime
    return_url: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider knows of a verification. ``attributes`` are as verified: name, birth_on, address."""

    reference: UUID
    provider_reference: str
    state: State
    url: str = ""
    reason_codes: tuple[str, ...] = ()
    is_retryable: bool = False
    decided_at: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook call as it arrived: header names in lower case, the body untouched."""

    headers: Mapping[str, str]
    body: bytes


class EkycProvider(Protocol):
    """Verifies a person on a page of its own."""

    def create(self, application: Application) -> Result:
        """Begin, or find what was begun for the same reference. Raises EkycUnavailable, EkycRefused."""
        ...

    def fetch(self, provider_reference: str) -> Result:
        """Where it stands now. Raises EkycUnavailable, EkycRefused."""
        ...

    def verify(self, call: Call, *, now: datetime) -> str:
        """The id of the event, after checking who sent it. Raises ForgedWebhook, MalformedWebhook."""
        ...

    def read(self, body: bytes) -> Result:
        """What a verified event says. Raises MalformedWebhook."""
        ...
