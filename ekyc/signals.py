"""What eKYC tells whoever is above it, inside the transaction of the change."""

from django.dispatch import Signal

# verification_id: UUID, reference: UUID, now: datetime. It ended: verified, not verified, expired, cancelled,
# or a result was revoked.
verification_completed = Signal()
