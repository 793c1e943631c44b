"""What no password may be made of: the words that everybody who attacks this service tries first."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.lookups import memberships_of
from tenants.models import Tenant

# The product, the trade, and what a hurried person types. docs/security.md names them too.
WORDS = (
    "keizoku", "継続", "cdd", "kyc", "compliance", "ginko", "ginkou", "shinkin", "shinyo", "kinko", "bank", "銀行",
    "金庫", "信用", "組合", "password", "passw0rd", "パスワード", "qwerty", "asdfgh", "12345",
)  # fmt: skip
# A long phrase may contain such a word; what is left without it has to be a password by itself.
ENOUGH_WITHOUT = 12


class ContextWords:
    """Refuses a password that is little more than words of the context, the institution's own among them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        words = [*WORDS, *self._of_institutions(user)]
        rest = re.sub("|".join(re.escape(word) for word in words if word), "", password, flags=re.IGNORECASE)
        if len(rest) < min(len(password), ENOUGH_WITHOUT):
            raise ValidationError(self._message(), code="password_of_the_context")

    def get_help_text(self) -> str:
        """For the page."""
        return self._message()

    def _of_institutions(self, user: Any) -> list[str]:
        if getattr(user, "pk", None) is None:
            return []
        ids = [membership.tenant_id for membership in memberships_of(user.pk)]
        names = Tenant.objects.filter(pk__in=ids).values_list("slug", "name", "name_en")
        return [word for row in names for word in row]

    def _message(self) -> str:
        return _("Do not build it on the name of the institution or the service, or on words such as bank or password.")
