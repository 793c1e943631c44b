"""What retention may destroy here: all about a customer. The register itself is about nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from companies.models import CompanyNews, GbizAnswer, RegistryCertificate
from retention.classes import register_eraser
from uploads.models import Upload

_LAYER = 20


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every piece of news about customers, every answer of gBizINFO, and every certificate with its pictures."""
    certificates = RegistryCertificate.objects.filter(customer__in=ids)
    Upload.objects.filter(purpose=Upload.Purpose.REGISTRY_CERTIFICATE, reference__in=certificates.values("pk")).delete()
    certificates.delete()
    CompanyNews.objects.filter(customer__in=ids).delete()
    GbizAnswer.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
