"""Facts that rooms above may act on, sent inside the transaction of the change."""

from django.dispatch import Signal

# A task came to nothing: task_ids, now.
tasks_given_up = Signal()
# A member of staff confirmed what was told of a customer: customer_id, reference, kind (of `Claim`), now.
claim_confirmed = Signal()
