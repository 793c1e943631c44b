"""Hours and days on which nobody is written to; on Japan's clock, which has no summer time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from channels.protocols import Channel

JST = ZoneInfo("Asia/Tokyo")
# Nobody is woken by a letter.
HEARD = (Channel.LINE, Channel.SMS, Channel.EMAIL)
SUNDAY = 6
HORIZON = 400  # nights and holidays to look beyond


@dataclass(frozen=True, slots=True)
class Hours:
    """A tenant's rest. ``quiet_from`` to ``quiet_until`` may go over midnight; None for no quiet hours."""

    quiet_from: time | None = None
    quiet_until: time | None = None
    sms_rests: bool = False
    holidays: frozenset[date] = frozenset()


def opens_at(channel: Channel, at: datetime, hours: Hours) -> datetime | None:
    """The next moment at which messages may leave by ``channel``, in Japan's time; None if they may at ``at``."""
    start = moment = at.astimezone(JST)
    for _ in range(HORIZON):
        later = _rest_ends(channel, moment, hours)
        if later is None:
            break
        moment = later
    return moment if moment != start else None


def day_of(at: datetime) -> datetime:
    """When the day of ``at`` began in Japan."""
    return at.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0)


def _rest_ends(channel: Channel, at: datetime, hours: Hours) -> datetime | None:
    if channel == Channel.SMS and hours.sms_rests and (at.weekday() == SUNDAY or at.date() in hours.holidays):
        return day_of(at) + timedelta(days=1)
    if channel not in HEARD or hours.quiet_from is None or hours.quiet_until is None:
        return None
    clock = at.time()
    if hours.quiet_from < hours.quiet_until:
        is_quiet, is_morning = hours.quiet_from <= clock < hours.quiet_until, True
    else:
        is_quiet, is_morning = clock >= hours.quiet_from or clock < hours.quiet_until, clock < hours.quiet_until
    if not is_quiet:
        return None
    end = datetime.combine(at.date(), hours.quiet_until, JST)
    return end if is_morning else end + timedelta(days=1)
