"""Facts that rooms above may act on, sent inside the transaction of the change."""

from django.dispatch import Signal

# A task came to nothing: task_ids, now.
tasks_given_up = Signal()
