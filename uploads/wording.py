"""The sentences that explain why a file was not taken, made from codes at the edge."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from uploads.models import MOST_IN_ONE_PLACE

_REASONS: Mapping[str, Promise] = {
    "empty": _("The file is empty. Please choose the picture again."),
    "too_large": _("The file is larger than %(limit)s MB. Please take the picture at a lower resolution."),
    "not_a_picture": _("This is not a picture in JPEG, PNG or WebP. Please choose a photograph or a screenshot."),
    "heic": _(
        "This is a HEIC picture, the iPhone's own format, which cannot be taken. Please save it as JPEG"
        " (on the iPhone: Settings, Camera, Formats, Most Compatible) and upload it again."
    ),
    "pdf": _("A PDF cannot be taken. Please photograph the pages or save them as pictures (JPEG or PNG)."),
    "too_many_pixels": _("The picture has more than 40 million pixels. Please make it smaller and upload it again."),
    "damaged": _("The picture is damaged or not complete. Please take it again."),
    "too_costly": _("The picture could not be opened in reasonable time. Please take it again as a plain JPEG."),
    "infected": _("The virus scan found something harmful. The file was destroyed. Please tell your security contact."),
    "unopened": _("The stored file could not be opened again. Please upload it once more."),
    "too_many": _("There are %(count)s files here already, which is the most there may be."),
}


# The same in a word or two, for the audit trail.
REASONS: Mapping[str, Promise] = {
    "too_many_pixels": _("Too many pixels"),
    "damaged": _("Damaged"),
    "too_costly": _("Too costly to open"),
    "infected": _("Harmful"),
    "unopened": _("Could not be opened again"),
}


def reason_in_words(code: str) -> str:
    """Why a file was not taken, and what to do."""
    if code not in _REASONS:
        return gettext("The file could not be taken. Please try another picture.")
    return str(_REASONS[code]) % {"limit": settings.UPLOAD_MAX_BYTES // 1024**2, "count": MOST_IN_ONE_PLACE}
