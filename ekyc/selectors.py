"""Reading verifications."""

from __future__ import annotations

from uuid import UUID

from ekyc.models import Verification


def verification_of(reference: UUID) -> Verification | None:
    """The newest verification of one review."""
    return Verification.objects.filter(reference=reference).order_by("-attempt").first()


def verifications_of(customer_id: UUID) -> list[Verification]:
    """Every verification of a customer, newest first."""
    return list(Verification.objects.filter(customer_id=customer_id).order_by("-created_at", "-id"))
