"""How staff hand in a paper: a picture of it, or a PDF."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm


class UploadForm(StaffForm):
    """One paper."""

    file = forms.FileField(
        label=_("Picture or PDF of the document"),
        help_text=_(
            "JPEG, PNG, WebP, HEIC or PDF, up to 15 MB; a PDF up to 30 pages. It is drawn anew page by page: scripts,"
            " attachments and the notes of a camera do not come along."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/heic,application/pdf"}),
        allow_empty_file=True,  # the reader of pictures says what is wrong with it
        error_messages={"required": _("Choose the file."), "missing": _("Choose the file.")},
    )
