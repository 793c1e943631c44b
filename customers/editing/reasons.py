"""Why staff change the customer file by hand; a reason is one of these, so that no name reaches history and trail."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EditReason(models.TextChoices):
    """Why an officer edits a customer."""

    ASKED = "ASKED", _("The customer told us")
    PAPER = "PAPER", _("Seen on an official document")
    MISTAKE = "MISTAKE", _("A mistake in our records is put right")
    NOT_REACHED = "NOT_REACHED", _("Found out after something came back or nobody was reached")
    PUBLIC_SOURCE = "PUBLIC_SOURCE", _("Found in a public source")
    OWN_CHANGE = "OWN_CHANGE", _("A change of branches or of our own system")
