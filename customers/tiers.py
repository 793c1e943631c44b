"""How risky a customer is, and how much care is owed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RiskTier(models.TextChoices):
    """How risky a customer is; empty means not rated yet."""

    HIGH = "HIGH", _("High")
    MEDIUM = "MEDIUM", _("Medium")
    LOW = "LOW", _("Low")


class DueDiligence(models.TextChoices):
    """How much care is owed. Simplified: exempt from mailing, with reasons (FSA guideline FAQ on SDD)."""

    SIMPLIFIED = "SIMPLIFIED", _("Simplified")
    STANDARD = "STANDARD", _("Standard")
    ENHANCED = "ENHANCED", _("Enhanced")
