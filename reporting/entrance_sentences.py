"""Sentences of the trail about the ways in to the customer's pages beside the link."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

ENTRANCES: Mapping[str, Wording] = {
    "entrance.refused": Wording(_("Particulars entered with a reference number did not match."), "lock", "warning"),
}
