"""What the customer file tells whoever is above it, inside the transaction of the change."""

from django.dispatch import Signal

# survivor_id: UUID, contact_ids: list[UUID] that were current of either customer before, actor: Actor, now: datetime.
customer_merged = Signal()
