"""What a finished review tells the rooms above."""

from django.dispatch import Signal

# case_id: UUID, reference: UUID, outcome: str, now: datetime. Sent inside the transaction that closes the case.
# Outcome is a ``Decision.Outcome``, or ``CLEARED`` when a rule cleared the case.
case_closed = Signal()
