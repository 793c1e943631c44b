"""How long sending really waits: as long as its rules say, unless a trial of faults is in a hurry."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings


def paced(wait: timedelta) -> timedelta:
    """The wait, divided by DELIVERY_HURRY. Production refuses to start with any other than 1.

    What a provider's own clock decides (a day without a delivery event, the life of a retry key) is not passed here.
    """
    return wait / settings.DELIVERY_HURRY
