"""The ways to a customer, as tables and pages name them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelKind(models.TextChoices):
    """The ways to a customer, cheapest first."""

    LINE = "LINE", _("LINE")
    SMS = "SMS", _("SMS")
    EMAIL = "EMAIL", _("E-mail")
    POST = "POST", _("Post")
