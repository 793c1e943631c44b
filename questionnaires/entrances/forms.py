"""What staff say of how customers come in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from questionnaires.models import EntrancePolicy


class PolicyForm(forms.Form):
    """By what customers prove themselves."""

    individual = forms.ChoiceField(
        label=_("Persons are asked for"),
        choices=EntrancePolicy.Individual.choices,
        help_text=_("Choose what every customer of yours can find at home."),
    )
    company = forms.ChoiceField(label=_("Companies are asked for"), choices=EntrancePolicy.Company.choices)
    app_asks_facts = forms.BooleanField(
        label=_("Ask whoever comes from our own app for the same facts"),
        help_text=_("Without it, having signed in to the app is proof enough."),
        required=False,
    )


class KeyForm(forms.Form):
    """A public key of the institution's own app."""

    name = forms.CharField(label=_("Name of the key"), max_length=80, help_text=_("Such as: internet banking, 2027"))
    public_key = forms.CharField(
        label=_("Public key"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=_("PEM; Ed25519 or ECDSA on P-256. The private key stays with you: never enter it anywhere."),
    )
