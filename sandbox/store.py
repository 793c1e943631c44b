"""What every provider accepted, in one bounded place the inbox, the robot and the control API read from."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

MESSAGE_LIMIT = 200_000
COUNTED_RECIPIENTS = 400_000
TEXT_LIMIT = 20_000


def utc_now() -> datetime:
    """The sandbox's own clock; it stands at the edge of the product, so nothing is injected here."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Block:
    """One piece of a message as its reader sees it: title, text, row (label, value), button (label, address)."""

    kind: str
    text: str
    value: str = ""


@dataclass(slots=True)
class Message:
    """One message a provider accepted, and what became of it."""

    number: int
    channel: str
    bank: str
    provider_id: str
    recipient: str
    sender: str
    at: datetime
    owner: str
    subject: str = ""
    blocks: list[Block] = field(default_factory=list)
    link: str = ""
    state: str = "accepted"
    reason: str = ""
    arrived: bool = False
    read: bool = False
    answered: str = ""
    history: list[tuple[datetime, str]] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)

    def become(self, state: str, *, reason: str = "") -> None:
        self.state = state
        self.reason = reason
        self.history.append((utc_now(), state))

    def as_json(self) -> dict[str, object]:
        return {
            "number": self.number,
            "channel": self.channel,
            "bank": self.bank,
            "id": self.provider_id,
            "to": self.recipient,
            "from": self.sender,
            "at": self.at.isoformat(),
            "owner": self.owner,
            "subject": self.subject,
            "text": "\n".join(f"{block.text} {block.value}".strip() for block in self.blocks),
            "link": self.link,
            "state": self.state,
            "reason": self.reason,
            "arrived": self.arrived,
            "read": self.read,
            "answered": self.answered,
            "history": [{"at": at.isoformat(), "state": state} for at, state in self.history],
            "details": self.details,
        }


def _written(text: str, limit: int) -> str:
    """The text as it can be shown: lone surrogates replaced, cut at the limit."""
    return text[:limit].encode("utf-8", "replace").decode()


class Store:
    """Messages by number and by owner; the oldest go when the limit is reached."""

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        self._messages: OrderedDict[int, Message] = OrderedDict()
        self._by_owner: dict[str, list[int]] = {}
        self._next = 1
        self._attempts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.requests: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._messages)

    def add(
        self,
        *,
        channel: str,
        bank: str,
        provider_id: str,
        recipient: str,
        owner: str,
        sender: str = "",
        subject: str = "",
        blocks: list[Block] | None = None,
        link: str = "",
        state: str = "accepted",
    ) -> Message:
        message = Message(
            number=self._next,
            channel=channel,
            bank=bank,
            provider_id=provider_id,
            recipient=_written(recipient, 500),
            sender=_written(sender, 300),
            at=utc_now(),
            owner=owner,
            subject=_written(subject, 500),
            blocks=[
                Block(b.kind, _written(b.text, TEXT_LIMIT), _written(b.value, 2_000)) for b in (blocks or [])[:100]
            ],
            link=_written(link, 2_000),
        )
        message.become(state)
        self.restore(message)
        return message

    def restore(self, message: Message) -> None:
        """Put a message in its place, under the number it has."""
        self._next = max(self._next, message.number) + 1
        self._messages[message.number] = message
        self._by_owner.setdefault(message.owner, []).append(message.number)
        if len(self._messages) > self._limit:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, oldest = self._messages.popitem(last=False)
        numbers = self._by_owner.get(oldest.owner, [])
        if numbers and numbers[0] == oldest.number:
            numbers.pop(0)
        if not numbers:
            self._by_owner.pop(oldest.owner, None)

    def get(self, number: int) -> Message | None:
        return self._messages.get(number)

    def all(self) -> Iterator[Message]:
        return iter(self._messages.values())

    def owned_by(self, owner: str) -> list[Message]:
        """The owner's messages, oldest first."""
        return [self._messages[n] for n in self._by_owner.get(owner, []) if n in self._messages]

    def owners(self) -> list[str]:
        """Everybody who has a message, the most recently written to first."""
        return sorted(self._by_owner, key=lambda owner: -self._by_owner[owner][-1])

    def count_of(self, owner: str) -> int:
        return len(self._by_owner.get(owner, ()))

    def next_attempt(self, provider: str, recipient: str) -> int:
        """How many requests this recipient had at this provider before this one."""
        key = (provider, recipient)
        seen = self._attempts.get(key, 0)
        self._attempts[key] = seen + 1
        self._attempts.move_to_end(key)
        if len(self._attempts) > COUNTED_RECIPIENTS:
            self._attempts.popitem(last=False)
        return seen
