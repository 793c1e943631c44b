"""What a campaign has cost: notices that left, calls and visits that were made, times the price of one. Pure sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from channels.models import ChannelKind, DeliveryAttempt

_Status = DeliveryAttempt.Status
# What a provider charges for: it took the notice, or may have.
_CHARGED = (_Status.ACCEPTED, _Status.DELIVERED, _Status.RETURNED, _Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ChannelCost:
    """One channel's notices, or one kind of calls and visits: how many, the price of one and of all, in yen."""

    channel: str
    notices: int
    price: Decimal

    @property
    def yen(self) -> Decimal:
        """The price of all."""
        return self.notices * self.price


@dataclass(frozen=True, slots=True)
class Costs:
    """A campaign's costs in yen, by channel and in all, for each notice and for each completed answer."""

    rows: tuple[ChannelCost, ...]
    completed: int

    @property
    def notices(self) -> int:
        """How many notices were charged for; calls and visits are none."""
        return sum(row.notices for row in self._sent)

    @property
    def _sent(self) -> tuple[ChannelCost, ...]:
        return tuple(row for row in self.rows if row.channel in ChannelKind.values)

    @property
    def yen(self) -> Decimal:
        """In all."""
        return sum((row.yen for row in self.rows), Decimal(0))

    @property
    def per_notice(self) -> Decimal | None:
        """Of one notice; None before the first."""
        return sum((row.yen for row in self._sent), Decimal(0)) / self.notices if self.notices else None

    @property
    def per_answer(self) -> Decimal | None:
        """Of one customer brought up to date; None before the first."""
        return self.yen / self.completed if self.completed else None


def costs_of(
    by_channel: Mapping[str, Mapping[str, int]],
    prices: Mapping[str, Decimal],
    completed: int,
    by_people: Mapping[str, int] | None = None,
) -> Costs:
    """The sums. ``by_channel``: channel to status to notices; ``by_people``: calls and visits; ``prices``: yen."""
    charged = {code: sum(by_channel.get(code, {}).get(status, 0) for status in _CHARGED) for code in ChannelKind.values}
    charged |= by_people or {}
    rows = (ChannelCost(code, count, prices.get(code, Decimal(0))) for code, count in charged.items() if count)
    return Costs(tuple(rows), completed)
