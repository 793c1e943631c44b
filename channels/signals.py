"""What the channels tell whoever is above them, inside the transaction of the change."""

from django.dispatch import Signal

# attempt_ids: list[UUID], now: datetime. They reached ACCEPTED, DELIVERED, FAILED or RETURNED.
deliveries_settled = Signal()
