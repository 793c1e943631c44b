"""What staff enter about an account's signatures: the name of a new key, and a certificate's file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm

MOST_BYTES = 64 * 1024


class KeyForm(StaffForm):
    """The selector of a DKIM key."""

    selector = forms.RegexField(
        label=_("Name of the new key (selector)"),
        help_text=_("Letters and digits, such as k2. It becomes a part of the record's name."),
        regex=r"\A[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\Z",
        error_messages={
            "required": _("Enter a name for the key."),
            "invalid": _("Enter lower-case letters, digits and hyphens only, 32 characters at most."),
        },
    )


class CertificateForm(StaffForm):
    """A certificate with its key, as the certification authority gives it."""

    file = forms.FileField(
        label=_("File with the certificate and its key"),
        help_text=_(".p12, .pfx or PEM, with the certificates in between. The key is sealed and never shown."),
        max_length=200,
        error_messages={"required": _("Choose the file."), "empty": _("The file is empty.")},
    )
    password = forms.CharField(
        label=_("Password of the file"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_file(self) -> bytes:
        """Its content."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        data: bytes = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than a certificate ever is. Choose another one."))
        return data

    def refuse(self, sentence: Any) -> None:
        """Say why the file cannot be used."""
        self.add_error("file", sentence)
