"""What flags tell the rooms above, in the past tense and inside the transaction."""

from django.dispatch import Signal

# customer_id, kind, now
customer_flagged = Signal()
