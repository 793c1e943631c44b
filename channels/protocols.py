"""What every delivery provider must do, in the vocabulary of channels rather than of any vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable
from uuid import UUID

# Beside a returned mail: the address it came back to. No header that crosses the web is called so.
RECIPIENT = "recipient"


class Channel(StrEnum):
    """A way of reaching a customer, cheapest first."""

    LINE = "LINE"
    SMS = "SMS"
    EMAIL = "EMAIL"
    POST = "POST"


class FailureKind(StrEnum):
    """What a failure means for the attempt that met it."""

    TRANSIENT = "transient"  # not sent; worth trying again later
    PERMANENT = "permanent"  # this address will never work on this channel
    AMBIGUOUS = "ambiguous"  # may or may not have been sent
    CONFIGURATION = "configuration"  # the bank's account is set up wrongly; nobody's message can leave
    QUOTA = "quota"  # the plan's allowance is spent; nobody's message can leave for now


class Failure(Exception):
    """A provider did not take a message.

    ``code`` is the vendor's own code or a short word of ours; it goes into the audit trail, so it never holds
    an address or a text.
    """

    kind: ClassVar[FailureKind]

    def __init__(
        self,
        code: str,
        *,
        retry_after: timedelta | None = None,
        is_dead_address: bool = False,
        is_opt_out: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.is_dead_address = is_dead_address
        self.is_opt_out = is_opt_out  # the address works, and its owner asked this sender to stop


class TransientFailure(Failure):
    """Not sent, and worth trying again: throttling, a refusal to connect, a queue that is full."""

    kind = FailureKind.TRANSIENT


class PermanentFailure(Failure):
    """Never going to work for this address on this channel."""

    kind = FailureKind.PERMANENT


class AmbiguousFailure(Failure):
    """The answer never came, so the customer may have been told or not."""

    kind = FailureKind.AMBIGUOUS


class ConfigurationFailure(Failure):
    """Credentials, sender or permissions of the account are wrong."""

    kind = FailureKind.CONFIGURATION


class QuotaFailure(Failure):
    """The account's allowance is used up."""

    kind = FailureKind.QUOTA


class ForgedWebhook(Exception):
    """The signature does not belong to the account the call was addressed to."""


class MalformedWebhook(Exception):
    """The call is signed, or needs no signature yet, but cannot be read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One frozen piece of communication: the same on every retry, byte for byte.

    ``mark`` is what its text has and no other's does, where that is not the link.
    """

    attempt_id: UUID
    to: str
    text: str
    subject: str = ""
    html: str = ""
    link: str = ""
    mark: str = ""
    template: str = ""  # LINE's template notification messages: their body as JSON, without the recipient


# In grams: A4 of 80 g/m² and a 長形3号 envelope, both rounded up; and what a letter of the standard size may weigh.
LEAF_G, ENVELOPE_G, STANDARD_SIZE_G = 5, 6, 50


def weight_of(pages: int) -> int:
    """Of a piece, in grams. Printed on one side: an answer sheet is written on, and pens show through."""
    return ENVELOPE_G + LEAF_G * pages


@dataclass(frozen=True, slots=True)
class Letter:
    """One piece of a printed batch: its file, and what the manifest says of it."""

    attempt_id: UUID
    name: str
    postal_code: str  # 7 digits
    barcode: str  # the address number after the postal code, "" for none
    return_id: str
    link: str
    pages: int
    pdf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LetterBatch:
    """Letters handed over together. The same ``job_id`` always means the same letters."""

    job_id: UUID
    created_at: datetime
    letters: Sequence[Letter]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider took the message. ``reference`` is the provider's own id, empty when it gives none."""

    reference: str = ""


class Outcome(StrEnum):
    """What a provider says became of a message, weakest first."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Report:
    """News of one attempt. ``at`` is when it happened, in UTC, if the provider says so."""

    attempt_id: UUID
    outcome: Outcome
    at: datetime | None = None
    reference: str = ""
    failure_kind: FailureKind | None = None
    code: str = ""
    is_dead_address: bool = False
    is_opt_out: bool = False


@dataclass(frozen=True, slots=True)
class AddressNews:
    """A customer blocked the bank's account, or came back. ``address`` is the vendor's id of the person."""

    address: str
    is_reachable: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptOutNews:
    """The owner of a telephone number (E.164) asked us to stop, or to begin again."""

    number: str
    is_opt_out: bool
    code: str = "keyword"


@dataclass(frozen=True, slots=True)
class PersonWrote:
    """Somebody wrote to the bank's account. What they wrote is never an answer to a questionnaire."""

    address: str
    text: str = field(repr=False)  # "" for anything but text
    reply_token: str = field(default="", repr=False)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddressTied:
    """The vendor confirms that the person at ``address`` is the customer whom we gave ``nonce``."""

    address: str
    nonce: str = field(repr=False)
    at: datetime | None = None


type News = Report | AddressNews | OptOutNews | PersonWrote | AddressTied


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook call as it arrived: header names in lower case, the body untouched."""

    headers: Mapping[str, str]
    body: bytes
    url: str
    attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One event of a verified call. ``event_id`` is the same whenever the provider repeats the event."""

    event_id: str
    body: bytes = field(repr=False)


class Sends(Protocol):
    """Hands over one message."""

    channel: ClassVar[Channel]

    def send(self, message: Message) -> Receipt:
        """Raises one of the failures above, and nothing else."""
        ...

    def may_repeat(self, to: str) -> bool:
        """True if sending the same message again cannot reach the customer twice."""
        ...


class Prints(Protocol):
    """Takes many letters in one handover and can be asked about them by the batch's id."""

    channel: ClassVar[Channel]

    def send_batch(self, batch: LetterBatch) -> Receipt:
        """All or nothing. Raises one of the failures above, and nothing else."""
        ...

    def look_up_batch(self, job_id: UUID) -> list[Report] | None:
        """None if the shop never got the batch. Raises TransientFailure if it cannot say now."""
        ...


class Talks(Protocol):
    """A channel on which customers write to the bank, and tie their account there to their file."""

    def set_webhook(self, url: str) -> None:
        """Tell the provider where to call. Raises one of the failures above."""
        ...

    def linking_address(self, user_id: str, nonce: str) -> str:
        """Where the customer confirms the tie; ``nonce`` comes back with it. Raises one of the failures above."""
        ...

    def answer(self, reply_token: str, text: str) -> None:
        """Answer what a customer wrote. Raises one of the failures above."""
        ...


@runtime_checkable
class ReportsDelivery(Protocol):
    """Calls us back."""

    def verify(self, call: Call) -> list[InboundEvent]:
        """Raises ForgedWebhook or MalformedWebhook."""
        ...

    def read(self, body: bytes) -> list[News]:
        """What an event of ``verify`` says; empty when it says nothing that we use."""
        ...


@runtime_checkable
class Reconciles(Protocol):
    """Can be asked whether it took a message whose answer we never got."""

    def look_up(self, message: Message, *, since: datetime) -> Report | None:
        """None if the provider knows nothing of it. Raises TransientFailure if it cannot say now."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a test of an account looked at.

    ``code`` is put into words by `channels.findings`; neither it nor ``detail`` holds a secret or an address.
    """

    code: str
    is_ok: bool
    detail: str = ""


@runtime_checkable
class ChecksSetup(Protocol):
    """Can say whether the account is set up so that messages would leave, without sending one."""

    def check_setup(self) -> list[Finding]:
        """Called outside transactions. What the provider refuses is a finding, never an exception."""
        ...
