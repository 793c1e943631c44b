"""What staff enter of products, and of a customer's account with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.accounts.models import Product
from customers.accounts.rules import Account, inconsistent, read_currency, read_product
from customers.accounts.selectors import product_name, products
from customers.editing.reasons import EditReason
from customers.forms import read_matter
from customers.importing import OLDEST, stray_in
from customers.parsing import Invalid, read_account
from customers.wording import sentence
from tenants.forms import DateInput, StaffForm

REFUSALS: Mapping[str, tuple[str | None, Promise]] = {
    "taken": ("number", _("The customer has an account of this number in this branch already.")),
    "too_many": (None, _("No more accounts can be kept of one customer.")),
    "moved": (None, _("Somebody else changed this account meanwhile. Look at it as it is now.")),
    "erased": (None, _("This customer's data were destroyed.")),
}
_DAY = {"invalid": _("Enter a date, such as 2027-01-31.")}


class ProductForm(StaffForm):
    """One product of the list; the code of one that is there is shown and not taken."""

    code = forms.CharField(
        label=_("Product code"),
        help_text=_("As your files have it. It cannot be changed later."),
        max_length=12,
        error_messages={"required": _("Enter the code.")},
    )
    name_ja = forms.CharField(
        label=_("Name in Japanese"), max_length=60, error_messages={"required": _("Enter the name.")}
    )
    name_en = forms.CharField(
        label=_("Name in English"), max_length=60, error_messages={"required": _("Enter the name.")}
    )
    kind = forms.ChoiceField(label=_("Kind of product"), choices=Product.Kind.choices)
    is_in_use = forms.BooleanField(label=_("Offered where an account is entered"), required=False)

    def __init__(self, *args: Any, product: Product | None, code: str = "", **kwargs: Any) -> None:
        names = ("code", "name_ja", "name_en", "kind", "is_in_use")
        initial = {name: getattr(product, name) for name in names} if product else {"code": code, "is_in_use": True}
        super().__init__(*args, initial=initial, **kwargs)
        if product:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        """In narrow capitals."""
        return _read(read_product, self.cleaned_data["code"]) or ""


class AccountForm(StaffForm):
    """What is known of one account, and why it is written by hand."""

    branch = forms.ChoiceField(label=_("Branch"), error_messages={"required": _("Choose the branch.")})
    number = forms.CharField(
        label=_("Account number"), max_length=20, error_messages={"required": _("Enter the account number.")}
    )
    product = forms.ChoiceField(label=_("Product"), required=False)
    currency = forms.CharField(
        label=_("Currency"), help_text=_("Three letters, such as JPY or USD."), max_length=8, required=False
    )
    opened_on = forms.DateField(label=_("Opened on"), widget=DateInput(), required=False, error_messages=_DAY)
    closed_on = forms.DateField(
        label=_("Closed on"),
        help_text=_("Empty while the account is open."),
        widget=DateInput(),
        required=False,
        error_messages=_DAY,
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=EditReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason."), "invalid_choice": _("Choose the reason.")},
    )
    matter = forms.CharField(
        label=_("Number of the matter"),
        help_text=_("The number of the request, the ledger or the inquiry. No names."),
        max_length=20,
        required=False,
    )

    def __init__(
        self, *args: Any, account: Account | None, branches: Mapping[str, str], branch: str, today: date, **kwargs: Any
    ) -> None:
        """``branch`` is the customer's own, at which a new account is kept unless somebody says otherwise."""
        shown = dict(account) if account else {"branch": branch}
        super().__init__(*args, initial=shown, **kwargs)
        self._today = today
        at = [(code, f"{code} {name}".strip()) for code, name in branches.items()]
        self._offer("branch", at, shown.get("branch"))
        offered = [(one.code, f"{one.code} {product_name(one.code)}") for one in products().values() if one.is_in_use]
        self._offer("product", [("", _("Not known")), *offered], shown.get("product"))

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]], present: str | None) -> None:
        """What is on file stays one of the choices."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        gone = [(present, product_name(present))] if present and present not in dict(choices) else []
        field.choices = [*choices, *gone]

    def clean_number(self) -> str:
        """As files have it."""
        return _read(read_account, self.cleaned_data["number"]) or ""

    def clean_currency(self) -> str:
        """A code of three letters."""
        return _read(read_currency, self.cleaned_data["currency"]) or ""

    def clean_matter(self) -> str:
        """Only what a number is made of, so that no name reaches the trail."""
        return read_matter(self.cleaned_data["matter"]) if self.cleaned_data["matter"] else ""

    def clean(self) -> dict[str, Any]:
        """Days that can be."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("opened_on", "closed_on"):
            day = data.get(name)
            if day and day > self._today:
                self.add_error(name, sentence("in_the_future", {}))
            elif day and day < OLDEST:
                self.add_error(name, sentence("too_early", {}))
        if not self.errors and "closed_before_opened" in set(inconsistent([self.account], self._today)):
            self.add_error("closed_on", sentence("closed_before_opened", {}))
        return data

    @property
    def account(self) -> Account:
        """What a valid form says."""
        data = self.cleaned_data
        days = {name: data[name] and data[name].isoformat() for name in ("opened_on", "closed_on")}
        said = {name: data[name] for name in ("branch", "number", "product", "currency")} | days
        return {name: str(value) for name, value in said.items() if value}


def _read(read: Callable[[str], str | None], typed: str) -> str | None:
    if stray := stray_in(typed):
        raise forms.ValidationError(sentence(*stray))
    try:
        return read(typed)
    except Invalid as invalid:
        raise forms.ValidationError(sentence(invalid.code, invalid.params)) from None
