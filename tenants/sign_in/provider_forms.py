"""What an administrator enters about the institution's identity provider and second factor."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

from cryptography import x509
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm
from tenants.models import Tenant
from tenants.outgoing import OutgoingRefused, check_url
from tenants.sign_in.models import IdentityProvider

DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+")


class MfaPolicyForm(StaffForm):
    """Whether everybody needs a second factor."""

    policy = forms.ChoiceField(label=_("Second factor"), choices=Tenant.MfaPolicy, widget=forms.RadioSelect)


class ProviderForm(StaffForm):
    """One provider. Which fields count depends on its kind."""

    kind = forms.ChoiceField(label=_("Protocol"), choices=IdentityProvider.Kind, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Display name"), max_length=40, help_text=_("Stands under the button, such as the directory's name.")
    )
    issuer = forms.CharField(
        label=_("Issuer or entity ID"),
        max_length=300,
        help_text=_("OpenID Connect: the issuer's address. SAML: the provider's entity ID."),
    )
    client_id = forms.CharField(label=_("Client ID (OpenID Connect)"), max_length=190, required=False)
    secret = forms.CharField(
        label=_("Client secret (OpenID Connect)"),
        max_length=300,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Left empty, the one that is kept stays."),
    )
    sso_url = forms.CharField(label=_("Sign-in address (SAML)"), max_length=300, required=False)
    certificate = forms.CharField(
        label=_("Signing certificate (SAML)"), required=False, widget=forms.Textarea, help_text=_("As PEM.")
    )
    email_domains = forms.CharField(
        label=_("E-mail domains"),
        help_text=_(
            "Of your institution, apart by commas. At a first sign-in only members with such an address match."
        ),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def clean_issuer(self) -> str:
        """One that we may ask; SAML names may be anything."""
        issuer = str(self.cleaned_data["issuer"]).strip()
        if self.data.get("kind") == IdentityProvider.Kind.OIDC:
            try:
                check_url(issuer)
            except OutgoingRefused as error:
                raise forms.ValidationError(_("Enter an address of the internet that begins with https://.")) from error
        return issuer

    def clean_sso_url(self) -> str:
        """Where browsers are sent: by TLS, except on a laptop."""
        url = str(self.cleaned_data["sso_url"]).strip()
        if url:
            _require_tls(url)
        return url

    def clean_certificate(self) -> str:
        """The certificate without its armour. Raises ValidationError when it is none."""
        text = "".join(line for line in str(self.cleaned_data["certificate"]).split() if line)
        bare = re.sub(r"-----(BEGIN|END)CERTIFICATE-----", "", text)
        if not bare:
            return ""
        try:
            x509.load_der_x509_certificate(b64decode(bare, validate=True))
        except ValueError as error:
            raise forms.ValidationError(_("This is not a certificate in PEM form.")) from error
        return bare

    def clean_email_domains(self) -> list[str]:
        """Lower case, each once."""
        domains = [
            part.strip().lower().removeprefix("@") for part in str(self.cleaned_data["email_domains"]).split(",")
        ]
        wrong = [domain for domain in domains if domain and not DOMAIN.fullmatch(domain)]
        if wrong:
            raise forms.ValidationError(_("Enter domains such as asanagi.example, apart by commas."))
        return sorted({domain for domain in domains if domain})

    def clean(self) -> dict[str, Any]:
        """Each protocol needs its own."""
        values = super().clean() or {}
        needed = ("client_id",) if values.get("kind") == IdentityProvider.Kind.OIDC else ("sso_url", "certificate")
        for name in needed:
            if not values.get(name) and name not in self.errors:
                self.add_error(name, _("This protocol needs it."))
        return values


def _require_tls(url: str) -> None:
    allowed = ("https://",) if settings.IS_PRODUCTION else ("https://", "http://")
    if not url.startswith(allowed):
        raise forms.ValidationError(_("Enter an address that begins with https://."))
