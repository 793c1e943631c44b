"""Answers that are ready to be sent or changed, in the language of whoever asked."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant

TEXTS: Mapping[str, Promise | str] = {
    "genuine": _(
        "Thank you for asking. We sent this notice. To be sure, please open the page from our official site,"
        " %(site)s, or call %(phone)s."
    ),
    "date": _(
        "Thank you for writing. We are still glad to have your answers after the date. You can go on with the"
        " link you have, or answer by telephone on %(phone)s (%(hours)s)."
    ),
    "changed": _(
        "Thank you for telling us. You can change your address and telephone number on the answer pages. For a"
        " change of name please bring a document that shows both names to one of our branches."
    ),
    "papers": _(
        "Thank you for asking. You only need a document for what has changed. The pages show which ones we"
        " take. You need not send your 12-digit My Number."
    ),
    "others": _(
        "Thank you for writing. To protect the customer we cannot say anything about an account here. Please"
        " call us on %(phone)s (%(hours)s)."
    ),
    "call": _("Thank you for writing. We will call you about this. We call from %(phone)s."),
}


def text_of(code: str, *, tenant: Tenant, language: str) -> str:
    """One ready answer, in the customer's language; "" where there is none."""
    if code not in TEXTS:
        return ""
    with translation.override(language):
        values = {"phone": tenant.phone, "hours": tenant.phone_hours, "site": tenant.official_site}
        return str(TEXTS[code]) % values
