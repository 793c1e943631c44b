"""Failed attempts, which belong to no tenant because nobody has signed in yet, and the tenants' identity providers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.models import TenantModel


class AttemptCounter(models.Model):
    """How often one account, or one network, has been tried in vain.

    ``key`` is a keyed hash, so the table names neither an address nor an account, and an address that nobody
    has is counted like any other.
    """

    key = models.BinaryField(max_length=32, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    # locks in a row; each one lasts longer
    locks = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField()

    class Meta:
        app_label = "tenants"

    def __str__(self) -> str:
        return f"{self.failures} failures"


class IdentityProvider(TenantModel):
    """A tenant's own directory, whose word is taken for who its people are, and for this tenant only."""

    class Kind(models.TextChoices):
        OIDC = "OIDC", _("OpenID Connect")
        SAML = "SAML", _("SAML 2.0")

    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=40)
    # OIDC: the issuer. SAML: the provider's entity id.
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=190, blank=True)
    secret = EncryptedTextField(null=True, blank=True)
    sso_url = models.CharField(max_length=300, blank=True)
    # PEM, without its armour
    certificate = models.TextField(blank=True)
    # Lower case. Only addresses of these domains are looked for among the members at a first sign-in.
    email_domains = models.JSONField(default=list)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "tenants"

    def __str__(self) -> str:
        return f"{self.kind} provider {self.pk}"
