"""What every staff form looks like, and the sign-in form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from tenants.lookups import memberships_of


def dress(form: forms.BaseForm) -> None:
    """Give each control the class of its component; the server checks, and answers in sentences."""
    form.use_required_attribute = False
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.Textarea):
            widget.attrs.setdefault("class", "textarea")
        elif isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.CheckboxInput):
            continue
        elif isinstance(widget, forms.Select):
            widget.attrs.setdefault("class", "select")
        else:
            widget.attrs.setdefault("class", "input")


class StaffForm(forms.Form):
    """A form in the staff pages' clothes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class DateInput(forms.DateInput):
    """The browser's own date control, which speaks ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class SignInForm(AuthenticationForm):
    """E-mail and password; one answer for every way of being wrong."""

    error_messages = {
        "invalid_login": _("The e-mail address or the password is not right."),
        "inactive": _("The e-mail address or the password is not right."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("E-mail address")
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username"})
        self.fields["password"].label = _("Password")
        dress(self)

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Refuse, in the same words, an account that works for no institution."""
        super().confirm_login_allowed(user)  # type: ignore[arg-type]  # the stubs know django.contrib.auth's User only
        if not memberships_of(user.pk):
            raise self.get_invalid_login_error()
