"""Reading how an institution looks: in force, being written, before."""

from __future__ import annotations

import copy

from django.db.models import Max

from questionnaires.branding.models import SHOWN, Branding
from tenants.keyset import Page, keyset_page
from tenants.models import Tenant


def open_branding() -> Branding | None:
    """The version that is being written or waits for the second person."""
    return Branding.objects.filter(status__in=[Branding.Status.DRAFT, Branding.Status.PROPOSED]).first()


def in_force() -> Branding | None:
    """The version that customers see; None while they see what the institution came with."""
    approved = Branding.objects.filter(status=Branding.Status.APPROVED).defer("mark")
    return approved.order_by("-approved_at").first()


def shown_of(source: Tenant | Branding) -> dict[str, str]:
    """All that a look is made of, less the picture of the mark."""
    return {name: getattr(source, name) for name in SHOWN}


def looking_like(tenant: Tenant, branding: Branding) -> Tenant:
    """The institution as it would be with this version, for pages that show it; not to be saved."""
    other = copy.copy(tenant)
    for name, value in shown_of(branding).items():
        setattr(other, name, value)
    return other


def mark_of(digest: str) -> bytes | None:
    """The picture that an address asks for."""
    found: bytes | memoryview | None = (
        Branding.objects.filter(mark_digest=digest).values_list("mark", flat=True).first() if digest else None
    )
    return None if found is None else bytes(found)


def next_number() -> int:
    """For the version that begins."""
    return (Branding.objects.aggregate(most=Max("number"))["most"] or 0) + 1


def versions_page(*, cursor: str | None = None) -> Page[Branding]:
    """Every version that was proposed, the newest first."""
    rows = Branding.objects.exclude(status=Branding.Status.DRAFT).defer("mark")
    return keyset_page(rows, order=("-number", "-id"), cursor=cursor)
